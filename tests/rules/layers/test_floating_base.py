"""LAY203 floating-base: what it flags and what it lets pass."""

import pytest

from layerscope.facts.config.base_reference import BASE_NAME, BaseReference
from layerscope.facts.fact import Evidence
from layerscope.rules.layers.floating_base import FloatingBase, split_tag
from layerscope.rules.severity import Confidence
from support.cases import flags, ignores


def base(name: str, digest: str | None = None) -> BaseReference:
    """A base that a label names."""
    return BaseReference(Evidence(detail=BASE_NAME), name, digest, "label")


def test_flags_a_base_called_latest() -> None:
    """The fix shows the line with a pin."""
    (finding,) = flags(FloatingBase, base("docker.io/nvidia/cuda:latest"))
    assert finding.message == (
        "The label org.opencontainers.image.base.name names the base image docker.io/nvidia/cuda by the tag 'latest', "
        "which moves, and records no digest"
    )
    assert finding.confidence is Confidence.LOW
    assert finding.fixes[0].steps[0] == "FROM docker.io/nvidia/cuda:VERSION@sha256:…"


def test_flags_a_base_without_a_tag() -> None:
    """No tag means latest; the port of a registry is no tag."""
    (finding,) = flags(FloatingBase, base("registry.example:5000/team/base"))
    assert "without a tag" in finding.message


@pytest.mark.parametrize("name", ["python:3.12-slim", "python@sha256:abc", "nvidia/cuda:12.4.1-runtime-ubuntu22.04"])
def test_ignores_a_base_with_a_version(name: str) -> None:
    """A tag with a version moves within it."""
    ignores(FloatingBase, base(name))


def test_ignores_a_base_whose_digest_is_recorded() -> None:
    """Then it is known which image it was."""
    ignores(FloatingBase, base("docker.io/nvidia/cuda:latest", "sha256:abc"))


def test_splits_names_at_the_tag_alone() -> None:
    """A colon before the last slash belongs to the registry."""
    assert split_tag("registry:5000/a/b:1") == ("registry:5000/a/b", "1")
    assert split_tag("registry:5000/a/b") == ("registry:5000/a/b", "")
