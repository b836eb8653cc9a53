"""Waits: what failed and is tried again, told from any thread and from forked processes, shown until its time is up."""

import os
import time
from contextlib import suppress
from typing import Final

MAX_MESSAGE: Final = 400
"""Bytes of a message; with its time it is written in one piece, which a pipe keeps together (PIPE_BUF is 4096)."""
MAX_SHOWN: Final = 3
"""Waits shown at a time: a registry that is down fails every layer alike."""
_PIECE: Final = 1 << 16


class Waits:
    """A pipe that whoever waits writes to, and that the one who draws reads.

    No lock is taken to write: a process may be forked while any lock is held.
    """

    def __init__(self) -> None:
        """Open the pipe; where none can be had, nothing is shown."""
        self._ends: tuple[int, int] | None = None
        self._until: dict[str, float] = {}
        with suppress(OSError):
            self._ends = os.pipe()
            for end in self._ends:
                os.set_blocking(end, False)

    def add(self, message: str, seconds: float) -> None:
        """Tell that something is tried again after so many seconds; nobody is waited for."""
        if self._ends is None:
            return
        words = " ".join(message.split()).encode("utf-8", "backslashreplace")[:MAX_MESSAGE]
        with suppress(OSError):  # a full pipe is one that nobody reads
            os.write(self._ends[1], f"{time.monotonic() + seconds:.6f} ".encode() + words + b"\n")

    def list_current(self) -> list[str]:
        """Those whose time is not up, the next to be tried first, with the seconds that are left."""
        for line in self._read().splitlines():
            moment, _, words = line.partition(b" ")
            with suppress(ValueError):
                self._until[words.decode("utf-8", "replace")] = float(moment)
        now = time.monotonic()
        self._until = {message: until for message, until in self._until.items() if until > now}
        ordered = sorted(self._until.items(), key=lambda wait: (wait[1], wait[0]))
        return [f"{message}; tried again in {until - now:.0f} s" for message, until in ordered[:MAX_SHOWN]]

    def close(self) -> None:
        """Close the pipe; what is told later is not shown."""
        ends, self._ends = self._ends, None
        for end in ends or ():
            os.close(end)

    def _read(self) -> bytes:
        """All that was told since the last time."""
        if self._ends is None:
            return b""
        with suppress(OSError):  # nothing was
            return os.read(self._ends[0], _PIECE)
        return b""
