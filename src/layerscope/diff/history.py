"""Two histories compared step by step."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Final

from layerscope.diff.change import Change
from layerscope.diff.noise import Noise
from layerscope.image.history import BuildStep

_OPERATIONS: Final = {"insert": Change.ADDED, "delete": Change.REMOVED, "replace": Change.CHANGED}


class StepAspect(StrEnum):
    """In what two steps differ."""

    INSTRUCTION = "instruction"
    CREATED_BY = "created by"
    """The same instruction in other words: with other build arguments, or by another builder."""
    LAYER = "layer"
    """One made a layer, the other none."""
    AUTHOR = "author"
    COMMENT = "comment"


_OF_BUILDERS: Final = frozenset({StepAspect.CREATED_BY, StepAspect.COMMENT})
"""What builders write about themselves."""


@dataclass(frozen=True)
class StepChange:
    """Build steps that are others: those of the image before, and those in their place; either may be none.

    Where their instruction is the same, it is one step on both sides.
    """

    change: Change
    before: tuple[BuildStep, ...]
    after: tuple[BuildStep, ...]
    aspects: tuple[StepAspect, ...] = (StepAspect.INSTRUCTION,)

    @property
    def steps(self) -> int:
        """How many steps differ: one that stands in the place of another is one with it."""
        return max(len(self.before), len(self.after))


def iter_step_changes(
    before: Sequence[BuildStep], after: Sequence[BuildStep], ignored: Collection[Noise] = ()
) -> Iterator[StepChange]:
    """The steps that differ, in order; when they ran plays no part, nor what is ignored as a builder's own words."""
    left_out = _OF_BUILDERS if Noise.BUILD in ignored else frozenset[StepAspect]()
    one, other = [step.instruction for step in before], [step.instruction for step in after]
    for operation, start, stop, other_start, other_stop in SequenceMatcher(
        a=one, b=other, autojunk=False
    ).get_opcodes():
        if operation in _OPERATIONS:
            yield StepChange(_OPERATIONS[operation], tuple(before[start:stop]), tuple(after[other_start:other_stop]))
            continue
        for old, new in zip(before[start:stop], after[other_start:other_stop], strict=True):
            if aspects := tuple(each for each in _iter_aspects(old, new) if each not in left_out):
                yield StepChange(Change.CHANGED, (old,), (new,), aspects)


def _iter_aspects(before: BuildStep, after: BuildStep) -> Iterator[StepAspect]:
    """In what steps of one instruction differ."""
    if before.created_by != after.created_by:
        yield StepAspect.CREATED_BY
    if before.empty != after.empty:
        yield StepAspect.LAYER
    if before.author != after.author:
        yield StepAspect.AUTHOR
    if before.comment != after.comment:
        yield StepAspect.COMMENT
