"""Which instruction of a Dockerfile a build broke at."""

from difflib import SequenceMatcher

from layerscope.fixes.builds.output import Breakdown
from layerscope.formats.dockerfile import Dockerfile, Instruction

LEAST_LIKENESS = 0.6
"""Of the text that a builder tells, variables have their values; what is less alike is another instruction."""

COMPARED = 2000
"""Characters that are compared."""

_LOADS = "load metadata for "


def find_failed_instruction(dockerfile: Dockerfile, breakdown: Breakdown) -> Instruction | None:
    """The instruction: by the line or the number that the builder named, else by its text."""
    instructions = dockerfile.instructions
    if breakdown.line is not None:
        return next((each for each in instructions if each.number <= breakdown.line <= each.end), None)
    if breakdown.text.startswith(_LOADS):
        return _find_base(dockerfile, breakdown.text.removeprefix(_LOADS))
    told = _squeeze(breakdown.text)
    keyword = told.partition(" ")[0].upper()
    if 0 < breakdown.number <= len(instructions) and instructions[breakdown.number - 1].keyword == keyword:
        return instructions[breakdown.number - 1]
    likeness = {
        number: SequenceMatcher(None, tell_instruction(each)[:COMPARED], told[:COMPARED], autojunk=False).ratio()
        for number, each in enumerate(instructions)
        if each.keyword == keyword
    }
    best = max(likeness, key=lambda number: (likeness[number], -number), default=None)
    return None if best is None or likeness[best] < LEAST_LIKENESS else instructions[best]


def tell_instruction(instruction: Instruction) -> str:
    """An instruction on one line, as it is written."""
    return _squeeze(" ".join((instruction.keyword, *instruction.flags, instruction.operands)))


def _find_base(dockerfile: Dockerfile, name: str) -> Instruction | None:
    """The FROM whose image could not be asked for, which the builder names in full."""
    wanted = name.removesuffix(":latest")
    stages = (
        stage for stage in dockerfile.stages if stage.base and wanted.endswith(stage.base.removesuffix(":latest"))
    )
    return next((stage.instructions[0] for stage in stages), None)


def _squeeze(text: str) -> str:
    return " ".join(text.split())
