"""Fix: a change that a rule suggests."""

from enum import StrEnum

from msgspec import Struct


class Safety(StrEnum):
    """Whether a fix may be applied unread."""

    SAFE = "safe"
    REVIEW = "review"


class Fix(Struct, frozen=True):
    """A title, the steps a person would take, and whether they may be taken unread."""

    title: str
    steps: tuple[str, ...]
    safety: Safety = Safety.REVIEW
