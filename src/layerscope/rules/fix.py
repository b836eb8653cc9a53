"""Fix: a change that a rule suggests."""

from dataclasses import dataclass
from enum import StrEnum


class Safety(StrEnum):
    """Whether a fix may be applied unread."""

    SAFE = "safe"
    REVIEW = "review"


@dataclass(frozen=True, slots=True)
class Fix:
    """A title, the steps a person would take, and whether they may be taken unread."""

    title: str
    steps: tuple[str, ...]
    safety: Safety = Safety.REVIEW
