"""Work: what comparing the contents of all files may cost, counted where it is done and the same everywhere."""

from typing import Final

WORK_LIMIT: Final = 300_000_000
"""Units of about 0.1 µs, so half a minute for all files: whoever made an image must not decide how long it takes."""

BYTES_A_UNIT: Final = 8
"""Bytes that are unpacked and compared in the time of one unit."""


class WorkSpentError(Exception):
    """No more may be done: what is left is not looked into."""


class Work:
    """What may still be done."""

    def __init__(self, limit: int = WORK_LIMIT) -> None:
        """All of it."""
        self._limit = limit
        self.spent = 0

    def spend(self, units: int) -> None:
        """Take that much away before it is done; raises WorkSpentError where there is less."""
        self.spent += units
        if self.spent > self._limit:
            raise WorkSpentError
