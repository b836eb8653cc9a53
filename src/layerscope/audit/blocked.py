"""Blocked verdicts: what the code of an image would do on a GPU counts for nothing where its process does not start."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from msgspec.structs import replace

from layerscope.facts.cuda.framework import Build, Framework
from layerscope.facts.cuda.gpu_verdict import Cause, GpuVerdict, Verdict
from layerscope.facts.fact_set import FactSet
from layerscope.rules.finding import Finding
from layerscope.rules.severity import Confidence
from layerscope.rules.wording import begin

PACKAGES: Final = {
    "ctranslate2": ("ctranslate2",),
    "cupy": ("cupy", "cupy_backends"),
    "jax": ("jax", "jaxlib", "jax_plugins"),
    "onnxruntime": ("onnxruntime",),
    "tensorflow": ("tensorflow",),
    "torch": ("torch", "nvidia"),
}
"""The frameworks that compute by themselves, with the folders of their environment that they consist of."""

BRIEF: Final = 110
"""Characters of a message that is told in few words."""

_ASIDE: Final = re.compile(r" \([^()]*\)")

Place = tuple[str, str]
"""A framework by its environment and name."""


def block_verdicts(
    verdicts: Sequence[GpuVerdict], findings: Iterable[Finding], facts: FactSet
) -> tuple[GpuVerdict, ...]:
    """The verdicts, turned into none where a finding says that nothing of the image computes on any GPU."""
    blocker = find_blocker(findings, facts)
    return tuple(verdicts) if blocker is None else tuple(_block(verdict, blocker) for verdict in verdicts)


def find_blocker(findings: Iterable[Finding], facts: FactSet) -> Finding | None:
    """The first finding that concerns the whole image, or the first of those that leave none of its frameworks."""
    broken: dict[Place, Finding] = {}
    for finding in findings:
        if not finding.ends_gpu_work or finding.confidence is Confidence.LOW:
            continue
        if not finding.concerns:
            return finding
        for place in _find_places(finding, facts):
            broken.setdefault(place, finding)
    working = {_place(each) for each in _computing(facts) if each.build is Build.CUDA} - set(broken)
    return None if working else next(iter(broken.values()), None)


def tell_brief(finding: Finding) -> str:
    """A finding's code and why in a few words."""
    if finding.brief:
        return f"{finding.code} {finding.brief}"
    message = _ASIDE.sub("", finding.message)
    if len(message) > BRIEF:
        message = message[:BRIEF].rpartition(" ")[0].rstrip(",;:") + " …"
    return f"{finding.code} {begin(message)}"


def _find_places(finding: Finding, facts: FactSet) -> set[Place]:
    """The frameworks that a finding concerns."""
    return {
        _place(framework)
        for framework in _computing(facts)
        for package in PACKAGES[framework.name]
        if any(_is_of(path, f"{framework.environment}/{package}") for path in finding.concerns)
    }


def _is_of(path: str, package: str) -> bool:
    """Whether a path is a package's folder, a file in it, or lies beside it under its name (`ctranslate2.libs`)."""
    return path == package or path.startswith((f"{package}/", f"{package}."))


def _computing(facts: FactSet) -> list[Framework]:
    return [each for each in facts.of(Framework) if each.name in PACKAGES]


def _place(framework: Framework) -> Place:
    return framework.environment, framework.name


def _block(verdict: GpuVerdict, blocker: Finding) -> GpuVerdict:
    """The verdict of a GPU on which the code alone would do something; others keep their own reason."""
    if verdict.verdict is Verdict.NONE:
        return verdict
    return replace(
        verdict,
        verdict=Verdict.NONE,
        cause=Cause.BLOCKED,
        reason=tell_brief(blocker),
        code_verdict=verdict.verdict,
        code_reason=verdict.reason,
    )
