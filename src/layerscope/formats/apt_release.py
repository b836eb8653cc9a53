"""The head of an apt repository's InRelease or Release file."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

HEAD_LIMIT: Final = 4096
"""The fields come before the checksums, within the first lines."""

_DATE: Final = re.compile(rb"^Date: ([^\r\n]{10,40})\r?$", re.MULTILINE)


def parse_release_date(content: bytes) -> datetime | None:
    """When the repository was published, in UTC, or None where the file does not say."""
    match = _DATE.search(content[:HEAD_LIMIT])
    if match is None:
        return None
    try:
        date = parsedate_to_datetime(match[1].decode("ascii", "replace"))
    except (ValueError, OverflowError):
        return None
    return date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)
