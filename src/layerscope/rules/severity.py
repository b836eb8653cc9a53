"""Severity, the harm if true, and Confidence, how sure a rule is."""

from enum import IntEnum


class Severity(IntEnum):
    """Harm if the finding is true; a larger value is worse."""

    INFO = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    def __str__(self) -> str:
        return self.name.lower()


class Confidence(IntEnum):
    """How sure the rule is that the finding is true."""

    LOW = 0
    MEDIUM = 1
    HIGH = 2

    def __str__(self) -> str:
        return self.name.lower()
