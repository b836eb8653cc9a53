"""Another variant of NVIDIA's image is named in FROM, where nothing is compiled on it."""

import pytest
from msgspec import structs

from layerscope.fixes.dockerfile.proposal import DockerfileProposal
from layerscope.rules.build_edit import UseVariant
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix
from support.dockerfiles import match, propose
from support.results import make_finding


def want(code: str, variant: str) -> Finding:
    """A finding whose fix is another variant of the base."""
    fix = Fix("Another base", ("do it",), build_edits=(UseVariant(variant),))
    return structs.replace(make_finding(code), fixes=(fix,))


def propose_base(base: str, *findings: Finding, run: str = "pip install vllm") -> DockerfileProposal:
    """What is edited in a Dockerfile on that base."""
    return propose(match(f"FROM {base}\nRUN {run}\n", f"RUN /bin/sh -c {run} # buildkit"), [], *findings)


@pytest.mark.parametrize(
    ("variant", "before", "after"),
    [
        ("runtime", "nvidia/cuda:12.4.1-devel-ubuntu22.04", "nvidia/cuda:12.4.1-runtime-ubuntu22.04"),
        ("runtime", "nvidia/cuda:12.4.1-cudnn-devel-ubuntu22.04", "nvidia/cuda:12.4.1-cudnn-runtime-ubuntu22.04"),
        ("base", "nvidia/cuda:11.8.0-cudnn8-devel-ubuntu22.04 AS app", "nvidia/cuda:11.8.0-base-ubuntu22.04 AS app"),
        ("base", "docker.io/nvidia/cuda:12.4.1-runtime-ubi9", "docker.io/nvidia/cuda:12.4.1-base-ubi9"),
    ],
)
def test_the_tag_names_another_variant(variant: str, before: str, after: str) -> None:
    """CUDA's version, cuDNN where it is kept, and the system stay."""
    proposal = propose_base(before, want("CUDA038", variant))
    assert proposal.text == f"FROM {after}\nRUN pip install vllm\n"


def test_of_two_variants_the_smaller_is_taken() -> None:
    """It has neither what building needs nor the second copy."""
    findings = (want("CUDA038", "runtime"), want("CUDA020", "base"))
    proposal = propose_base("nvidia/cuda:12.4.1-devel-ubuntu22.04", *findings)
    assert proposal.text.startswith("FROM nvidia/cuda:12.4.1-base-ubuntu22.04\n")


@pytest.mark.parametrize(
    ("base", "run", "reason"),
    [
        ("ubuntu:22.04", "true", "line 1 names no image of nvidia/cuda by a tag alone: its variants are not known"),
        (
            f"nvidia/cuda:12.4.1-devel-ubuntu22.04@sha256:{'0' * 64}",
            "true",
            "line 1 names no image of nvidia/cuda by a tag alone: its variants are not known",
        ),
        (
            "nvidia/cuda:12.4.1-devel-ubuntu22.04",
            "pip install --no-build-isolation flash-attn",
            "line 2 may compile: do that in a stage of its own, from the devel image, and copy what it makes",
        ),
    ],
)
def test_other_bases_and_those_that_compile_are_left_to_a_person(base: str, run: str, reason: str) -> None:
    """Each has its reason."""
    proposal = propose_base(base, want("CUDA038", "runtime"), run=run)
    assert [each.reason for each in proposal.refused] == [reason]
    assert not proposal.edits


def test_a_base_that_another_stage_stands_on_stays() -> None:
    """It may compile there."""
    text = "FROM nvidia/cuda:12.4.1-devel-ubuntu22.04 AS b\nFROM b AS c\nRUN make\nFROM b\nCOPY a /a\n"
    proposal = propose(match(text, "COPY a /a # buildkit"), [], want("CUDA038", "runtime"))
    assert [each.reason for each in proposal.refused] == [
        "the stage of line 2 gets the base image too: change it by hand"
    ]
