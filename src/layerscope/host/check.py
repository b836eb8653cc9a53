"""Check: one line on this host, with its sign, its cure, and what it has a bearing on."""

from dataclasses import dataclass
from enum import StrEnum


class Sign(StrEnum):
    """How a thing stands."""

    GOOD = "good"
    DOUBT = "doubt"
    """It works, or may; something is worth a look."""
    BAD = "bad"
    """Containers that need it fail."""
    NOTE = "note"
    """It is so, and neither good nor bad."""


class Area(StrEnum):
    """What a check is about, in the order of a report."""

    ENGINES = "engines"
    GPU = "gpu"
    TOOLKIT = "toolkit"
    SYSTEM = "system"
    CACHE = "cache"


@dataclass(frozen=True)
class Check:
    """What was found about one thing."""

    area: Area
    name: str
    sign: Sign
    says: str
    cure: str = ""
    commands: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    """Rules whose findings are others on a host where this is otherwise."""
    errors: tuple[str, ...] = ()
    """Known errors that come of it."""
