"""A limit of time on work in this process, which ends it as Ctrl-C does."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn


class OutOfTimeError(BaseException):
    """The time is over; like KeyboardInterrupt it passes every handler of errors and runs every clean-up on its way."""


@contextmanager
def limit_time(seconds: float | None) -> Iterator[None]:
    """Raise OutOfTimeError in the block after so many seconds; None for as long as it takes."""
    if seconds is None:
        yield
        return
    earlier = signal.signal(signal.SIGALRM, _raise_out_of_time)
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds)
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, earlier)


def _raise_out_of_time(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise OutOfTimeError
