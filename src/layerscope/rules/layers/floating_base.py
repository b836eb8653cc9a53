"""LAY203: the base image is named by a tag that moves."""

from collections.abc import Iterator
from typing import ClassVar, Final

from layerscope.facts.config.base_reference import BaseReference
from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix, FixPlace
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Confidence, Severity

MOVING_TAGS: Final = frozenset({"latest", "stable", "edge", "nightly", "dev", "main", "master", "rolling", "devel"})
"""Tags that are meant to move; others move too, but less far."""


class FloatingBase(Rule):
    """The base image is named by a tag that moves.

    What it checks: The base image that the builder recorded (`org.opencontainers.image.base.name`, as annotation or
        label). It is reported where neither a digest is recorded nor the tag names a version.
    Why it matters: The same Dockerfile gives another image tomorrow: another Python, another CUDA, another driver
        floor. Nobody can tell from the image which base it has, rebuild it, or say whether a newer base cures a
        finding.
    Example: `org.opencontainers.image.base.name = docker.io/nvidia/cuda:latest`, without `…base.digest`.
    Remedy: Name the version and pin the digest: `FROM python:3.12-slim@sha256:…`; let a bot move the pin.
    Fix safety: Review: a pin has to be moved for security updates.
    Blind spots: Confidence is low. Most builders record no base at all, and then nothing is said. The record may be
        inherited from the base itself, and then names the base's base. Whether the tag has moved is not looked up.
    References: OCI image specification, annotations.md; hadolint DL3006 and DL3007.
    """

    code: ClassVar[str] = "LAY203"
    covers: ClassVar[tuple[int, ...]] = (57,)
    severity: ClassVar[Severity] = Severity.LOW
    confidence: ClassVar[Confidence] = Confidence.LOW
    needs: ClassVar[tuple[type[Fact], ...]] = (BaseReference,)
    fixed_in: ClassVar[tuple[FixPlace, ...]] = (FixPlace.REBUILD,)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """At most one finding."""
        base = facts.find(BaseReference)
        if base is None or base.digest or "@" in base.name:
            return
        repository, tag = split_tag(base.name)
        if tag and tag not in MOVING_TAGS:
            return
        called = f"by the tag {tag!r}, which moves" if tag else "without a tag, which means 'latest'"
        key = base.evidence.detail
        message = f"The {base.source} {key} names the base image {repository} {called}, and records no digest"
        fix = Fix(
            "Pin the base image by version and digest",
            (
                f"FROM {repository}:VERSION@sha256:…",
                f"The digest: docker buildx imagetools inspect {repository}:VERSION",
                f"Record it: --annotation {key.replace('.name', '.digest')}=sha256:…",
            ),
        )
        yield self.finding(message, base.evidence, fixes=(fix,))


def split_tag(name: str) -> tuple[str, str]:
    """Repository and tag of an image name; the tag is empty where there is none."""
    folder, slash, last = name.rpartition("/")
    repository, _, tag = last.partition(":")
    return f"{folder}{slash}{repository}", tag
