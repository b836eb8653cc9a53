"""Another variant of NVIDIA's CUDA images as the base: without what only building needs, or without CUDA's libraries.

https://docs.nvidia.com/cuda/ and the tags of https://hub.docker.com/r/nvidia/cuda
"""

import re
from collections.abc import Iterator
from typing import Final

from layerscope.facts.fact_set import FactSet
from layerscope.fixes.dockerfile.edit import DockerfileEdit, NoEdit, Span
from layerscope.fixes.dockerfile.heirs import find_heir, tell_heir
from layerscope.fixes.dockerfile.matching import MatchedDockerfile
from layerscope.formats.dockerfile import Instruction
from layerscope.rules.build_edit import UseVariant
from layerscope.rules.finding import Finding

_BASE: Final = re.compile(r"(?:\S*/)?nvidia/cuda:[\d.]+-(?P<variant>(?P<cudnn>cudnn\d*-)?(?:devel|runtime))-[\w.]+")
_COMPILES: Final = re.compile(
    r"\b(?:nvcc|cmake|ninja|make|setup\.py|TORCH_CUDA_ARCH_LIST|flash[-_]attn|apex)\b|--no-binary|--no-build-isolation"
)


def edit_base_variant(
    findings: tuple[Finding, ...], _facts: FactSet, matched: MatchedDockerfile
) -> Iterator[DockerfileEdit | NoEdit]:
    """One edit of the line FROM; the smallest variant that a finding wants."""
    wanted = [
        (edit.variant, finding)
        for finding in findings
        for fix in finding.fixes
        for edit in fix.build_edits
        if isinstance(edit, UseVariant)
    ]
    smallest = min((variant for variant, _ in wanted), default="")  # `base` comes before `runtime`
    for variant, finding in wanted:
        if variant == smallest:
            result = _edit(variant, matched)
            if isinstance(result, str):
                yield NoEdit(finding.code, None, result)
            else:
                title = f"Start from the {variant} image of the same CUDA"
                safety = finding.fixes[0].safety
                yield DockerfileEdit(finding.code, None, title, safety, spans=(result,), lessens=True)


def _edit(variant: str, matched: MatchedDockerfile) -> Span | str:
    """The tag's part in the first line of the stage that all others stand on."""
    start = matched.chain[0].instructions[0]
    found = _BASE.match(start.operands)
    if found is None or start.operands[found.end() : found.end() + 1] == "@":
        return f"line {start.number} names no image of nvidia/cuda by a tag alone: its variants are not known"
    if (heir := find_heir(matched, start)) is not None:
        return tell_heir(heir, "the base image")
    if compiler := _find_compiler(matched):
        return (
            f"line {compiler.number} may compile: do that in a stage of its own, from the devel image, and copy what "
            "it makes"
        )
    kept = found["cudnn"] or "" if variant == "runtime" else ""
    first, last = found.span("variant")
    return Span(start.find_place(first), start.find_place(last - 1) + 1, f"{kept}{variant}")


def _find_compiler(matched: MatchedDockerfile) -> Instruction | None:
    """The first RUN that may need the compiler or the headers of CUDA."""
    runs = (each for each in matched.instructions if each.keyword == "RUN")
    return next((each for each in runs if _COMPILES.search(each.text)), None)
