"""The times that builders write into documents (RFC 3339), or their absence."""

import re
from datetime import UTC, datetime

_RFC3339 = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2})(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})",
    re.ASCII,
)
_MICROSECONDS = 7
"""Characters of a fraction that a datetime can hold: the dot and six digits."""


def parse_timestamp(raw: object) -> datetime | None:
    """Return the moment that a parsed JSON value spells, in UTC; None for what is no time and for Go's zero time."""
    match = _RFC3339.fullmatch(raw) if isinstance(raw, str) else None
    if match is None:
        return None
    day, time, fraction, zone = match.groups()
    try:
        local = datetime.fromisoformat(f"{day}T{time}{(fraction or '')[:_MICROSECONDS]}{zone.upper()}")
        moment = local.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return None if moment.year == 1 else moment
