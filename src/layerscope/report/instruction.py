"""The instruction behind a layer as a report may show it: one line, nothing that deceives, no credential."""

from typing import Final

from layerscope.formats.secret_text import redact_text
from layerscope.image.history import BuildStep
from layerscope.report.escape import escape_line

UNRECORDED: Final = "(not in the history)"

LONGEST: Final = 1000
"""Characters of an instruction that any report on a terminal can use; a heredoc may have many thousands."""


def tell_instruction(step: BuildStep | None) -> str:
    """The instruction of a build step, or what stands where the history does not say."""
    text = step.instruction if step else ""
    return escape_line(redact_text(text)[:LONGEST]) or UNRECORDED


def tell_created_by(step: BuildStep | None) -> str | None:
    """A history entry as the builder wrote it, without credentials; None where there is none."""
    return redact_text(step.created_by) if step and step.created_by else None
