"""The words of what differs between two histories, the same in every format."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from layerscope.audit.image_diff import ImageDiff
from layerscope.diff.change import Change
from layerscope.diff.history import StepAspect, StepChange
from layerscope.formats.secret_text import redact_text
from layerscope.image.history import BuildStep
from layerscope.report.diff.words import SIGNS
from layerscope.report.escape import escape_line
from layerscope.report.instruction import tell_instruction
from layerscope.rules.wording import shorten

_BUILDER_COMMENT: Final = "buildkit.dockerfile.v0"
"""What BuildKit writes at every step."""


@dataclass(frozen=True)
class StepLine:
    """One step of a history that differs: what became of it, the layer it made, and what else is told of it."""

    change: Change
    place: str
    instruction: str
    detail: str

    @property
    def text(self) -> str:
        """The whole of it on one line."""
        return f"{SIGNS[self.change]} {self.instruction}  ({self.place}{'; ' if self.detail else ''}{self.detail})"


def iter_step_lines(difference: ImageDiff) -> Iterator[StepLine]:
    """Every step that differs: those gone and come, and those that only say something else of themselves."""
    for change in difference.history:
        if StepAspect.INSTRUCTION not in change.aspects:
            (step,) = change.after
            yield StepLine(Change.CHANGED, _tell_place(step), tell_instruction(step), "; ".join(_iter_details(change)))
            continue
        for kind, steps in ((Change.REMOVED, change.before), (Change.ADDED, change.after)):
            for step in steps:
                yield StepLine(kind, _tell_place(step), tell_instruction(step), _describe(step))


def _tell_place(step: BuildStep) -> str:
    return "no layer" if step.layer is None else f"layer {step.layer}"


def _describe(step: BuildStep) -> str:
    """The author and the comment of a step, where somebody wrote them."""
    comment = step.comment if step.comment not in {_BUILDER_COMMENT, step.instruction} else ""
    told = (("author", step.author), ("comment", comment))
    return "; ".join(f"{name} {_show(text)}" for name, text in told if text)


def _iter_details(change: StepChange) -> Iterator[str]:
    """What two steps of one instruction say of themselves, before and after."""
    (before,), (after,) = change.before, change.after
    for aspect in change.aspects:
        match aspect:
            case StepAspect.CREATED_BY:
                yield f"as written, {_show(before.created_by)} to {_show(after.created_by)}"
            case StepAspect.LAYER:
                yield f"{_tell_place(before)} to {_tell_place(after)}"
            case StepAspect.AUTHOR:
                yield f"author {_show(before.author)} to {_show(after.author)}"
            case _:
                yield f"comment {_show(before.comment)} to {_show(after.comment)}"


def _show(text: str) -> str:
    return shorten(escape_line(redact_text(text))) or "none"
