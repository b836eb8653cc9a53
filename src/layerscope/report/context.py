"""RenderContext: what a format needs to know about the page it draws on."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from layerscope.rules.severity import Severity

if TYPE_CHECKING:
    from layerscope.report.instruction_lines import InstructionLines


NARROW: Final = 60
"""Columns below which a page keeps to what is of most use, and columns take no more than they need."""


@dataclass(frozen=True)
class RenderContext:
    """The page (columns, colour, more than ASCII), how much of a list is shown, what it leads to, and the source."""

    width: int = 80
    color: bool = False
    unicode: bool = True
    is_terminal: bool = False
    """Whether a person reads it as it is written."""
    limit: int | None = 10
    """Most rows of a list; None for all."""
    fail_on: Severity | None = Severity.HIGH
    """The least severity that fails the audit; None for none."""
    exit_code: int = 0
    """The exit code that the process will end with."""
    source: "InstructionLines | None" = None
    """The Dockerfile that the image was built from, where it is at hand."""

    @property
    def is_narrow(self) -> bool:
        """Whether there are so few columns that tables and trees give up some of theirs."""
        return self.width < NARROW
