"""Which stage of a Dockerfile is built again where the build cache gave an old step."""

from dataclasses import dataclass
from typing import Final

from layerscope.fixes.dockerfile.matching import Match, MatchedDockerfile, find_stage_place
from layerscope.formats.dockerfile import Instruction, Stage
from layerscope.rules.finding import Finding

_DISTANT: Final = "LAY201"
_LISTS: Final = "LAY202"
_BASE: Final = "LAY203"
_CUT: Final = "ELF022"
_FROM: Final = "--from="


@dataclass(frozen=True)
class RebuildAdvice:
    """How the image is built again for the finding of that code: what the builder is told to make anew, and why."""

    code: str
    flags: tuple[str, ...]
    reason: str


def advise_rebuilds(findings: tuple[Finding, ...], matched: MatchedDockerfile) -> tuple[RebuildAdvice, ...]:
    """One piece of advice for each finding about a stale step."""
    advice: list[RebuildAdvice] = []
    for finding in findings:
        layers = sorted({place.layer for place in finding.locations if place.layer is not None})
        if finding.code in {_DISTANT, _LISTS} and len(layers) > 1:  # of more layers, the last one is new
            advice.append(_advise(finding.code, layers[:-1], "came from the build cache", matched))
        elif finding.code == _CUT and all(_is_made(layer, matched) for layer in layers):
            advice.append(_advise(finding.code, layers, "left a file cut off, and the build cache keeps it", matched))
        elif finding.code == _BASE:
            first = matched.chain[0].instructions[0]
            reason = (
                f"line {first.number} names its base image by a tag that moves: only --pull asks for what it is now"
            )
            advice.append(RebuildAdvice(_BASE, ("--pull",), reason))
    return tuple(dict.fromkeys(advice))


def find_stage(layer: int, matched: MatchedDockerfile) -> Stage | None:
    """The stage in which a layer's content is made: for a copy from a stage that one; None for the base image's."""
    match = matched.find_match(layer)
    return None if match is None else _find_source(match.instruction, matched) or _find_own(match, matched)


def _find_own(match: Match, matched: MatchedDockerfile) -> Stage:
    return next(stage for stage in matched.chain if match.instruction in stage.instructions)


def _find_source(instruction: Instruction, matched: MatchedDockerfile) -> Stage | None:
    stages = matched.dockerfile.stages
    name = next((flag.removeprefix(_FROM) for flag in instruction.flags if flag.startswith(_FROM)), "")
    place = find_stage_place(stages, name, len(stages)) if name else None
    return None if place is None else stages[place]


def _is_made(layer: int, matched: MatchedDockerfile) -> bool:
    """Whether a step makes a layer: what is copied from the context, or the base image's, is the same again."""
    match = matched.find_match(layer)
    return match is not None and (
        match.instruction.keyword not in {"COPY", "ADD"} or _find_source(match.instruction, matched) is not None
    )


def _advise(code: str, layers: list[int], what: str, matched: MatchedDockerfile) -> RebuildAdvice:
    """The stages of these layers, and what became of them by the cache."""
    stages = {layer: stage for layer in layers if (stage := find_stage(layer, matched)) is not None}
    if not stages:
        told = f"layer {layers[-1]} is of the base image" if len(layers) == 1 else "these layers are of the base image"
        return RebuildAdvice(code, ("--pull",), f"{told}: no stage of this Dockerfile makes it anew")
    named = dict.fromkeys(stage.name for stage in stages.values())
    lines = ", ".join(
        f"line {match.instruction.number} (layer {layer})"
        for layer in stages
        if (match := matched.find_match(layer)) is not None
    )
    if "" in named:
        start = next(stage.instructions[0].number for stage in stages.values() if not stage.name)
        lacking = f"the stage of line {start} has no name that a filter could take: add AS NAME"
        reason = f"{lines} {what}; {lacking}"
        return RebuildAdvice(code, ("--no-cache",), reason)
    reason = f"{lines} {what}, in stage {' and '.join(named)}"
    return RebuildAdvice(code, ("--no-cache-filter", ",".join(named)), reason)
