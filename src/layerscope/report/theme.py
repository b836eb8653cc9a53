"""Colours and symbols, one meaning each; whatever they say, a word beside them says too."""

from dataclasses import dataclass
from typing import Final

from layerscope.rules.severity import Severity

STYLES: Final = {
    "good": "bold green",
    "bad": "bold red",
    "doubt": "bold yellow",
    "critical": "bold magenta",
    "high": "bold red",
    "medium": "yellow",
    "low": "cyan",
    "info": "blue",
    "heading": "bold",
    "label": "dim",
    "muted": "dim",
    "kept": "green",
    "wasted": "yellow",
    "instruction": "default",
    "path": "bold",
    "command": "cyan",
    "added": "green",
    "changed": "yellow",
    "metadata": "blue",
    "removed": "red",
}
"""The sixteen colours of the terminal's own palette, so that what a person chose for their eyes holds here too."""


@dataclass(frozen=True)
class Symbols:
    """The signs of a report, each one column wide but the arrow."""

    good: str
    bad: str
    doubt: str
    severities: tuple[str, str, str, str, str]
    """From info to critical."""
    kept: str
    """A full cell of a bar."""
    kept_parts: str
    """Cells filled by 1/8 to 7/8, or none."""
    wasted: str
    dash: str
    dot: str
    arrow: str
    at_least: str
    """Before a sum that lacks parts which could not be read."""
    ellipsis: str
    branch: str
    last_branch: str
    trunk: str

    def severity(self, severity: Severity) -> str:
        """The sign of a severity."""
        return self.severities[severity]


UNICODE: Final = Symbols(
    good="✔",
    bad="✘",
    doubt="?",
    severities=("·", "○", "●", "▲", "◆"),
    kept="█",
    kept_parts="▏▎▍▌▋▊▉",
    wasted="░",
    dash="\N{EN DASH}",
    dot="·",
    arrow="→",
    at_least="≥ ",
    ellipsis="…",
    branch="├── ",
    last_branch="└── ",
    trunk="│   ",
)
ASCII: Final = Symbols(
    good="+",
    bad="x",
    doubt="?",
    severities=(".", "o", "*", "!", "#"),
    kept="#",
    kept_parts="",
    wasted=":",
    dash="-",
    dot="-",
    arrow="->",
    at_least=">= ",
    ellipsis="...",
    branch="|-- ",
    last_branch="`-- ",
    trunk="|   ",
)


def choose_symbols(*, unicode: bool) -> Symbols:
    """The signs that the page can show."""
    return UNICODE if unicode else ASCII
