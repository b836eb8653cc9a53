"""File times as dates."""

from datetime import UTC, datetime
from typing import Final

SECOND_NS: Final = 1_000_000_000
LATEST_SECOND: Final = 253_402_300_799
"""The end of the year 9999, where dates end."""


def to_datetime(time_ns: int | None) -> datetime | None:
    """A file time as a date, or None where it lies outside the calendar."""
    if time_ns is None or not 0 < time_ns // SECOND_NS <= LATEST_SECOND:
        return None
    return datetime.fromtimestamp(time_ns // SECOND_NS, UTC)
