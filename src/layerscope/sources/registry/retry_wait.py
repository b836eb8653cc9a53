"""How long to wait before a request is sent again."""

import random
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Final

FIRST_WAIT: Final = 0.2
OWN_WAIT: Final = 5.0
LONGEST_WAIT: Final = 30.0
"""Seconds before the second try, doubled each time up to the next, and the most that a server's word is obeyed."""

_MAX_DIGITS: Final = 5
"""Digits of the seconds in a Retry-After: a day has 86,400."""


def wait_before_retry(
    attempt: int, retry_after: str | None = None, *, tell: Callable[[float], None] | None = None
) -> None:
    """Wait before trying again: longer each time, not in step with others, and as long as the server asks for.

    How many seconds that are is told first, to whoever wants to know.
    """
    own = min(FIRST_WAIT * 2**attempt, OWN_WAIT) * (0.5 + random.random())  # noqa: S311 - no secret
    seconds = min(max(parse_retry_after(retry_after or "", now=time.time()), own), LONGEST_WAIT)
    if tell is not None:
        tell(seconds)
    time.sleep(seconds)


def parse_retry_after(text: str, *, now: float) -> float:
    """The seconds that a Retry-After asks for, also as a date; none for what cannot be read, or is over.

    https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
    """
    if text.isdecimal():
        return float(text) if len(text) <= _MAX_DIGITS else 0.0
    try:
        return max(parsedate_to_datetime(text[:64]).timestamp() - now, 0.0)
    except (ValueError, TypeError, OverflowError, IndexError):
        return 0.0
