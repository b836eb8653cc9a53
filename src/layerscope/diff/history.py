"""Two histories compared step by step."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

from layerscope.diff.change import Change
from layerscope.image.history import BuildStep

_OPERATIONS: Final = {"insert": Change.ADDED, "delete": Change.REMOVED, "replace": Change.CHANGED}


@dataclass(frozen=True)
class StepChange:
    """Build steps that are others: those of the image before, and those in their place; either may be none."""

    change: Change
    before: tuple[BuildStep, ...]
    after: tuple[BuildStep, ...]


def iter_step_changes(before: Sequence[BuildStep], after: Sequence[BuildStep]) -> Iterator[StepChange]:
    """The steps whose instructions differ, in order; when they ran plays no part."""
    one, other = [step.instruction for step in before], [step.instruction for step in after]
    for operation, start, stop, other_start, other_stop in SequenceMatcher(
        a=one, b=other, autojunk=False
    ).get_opcodes():
        if operation in _OPERATIONS:
            yield StepChange(_OPERATIONS[operation], tuple(before[start:stop]), tuple(after[other_start:other_stop]))
