"""AttachedStreams: what goes into a container and what comes out of it, over one connection.

Output comes in frames: a byte for the stream, three of nothing, four of the size, and that many bytes.
https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container/operation/ContainerAttach
"""

import select
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any, Final, Self

STDOUT: Final = 1
"""The stream that a program's standard output comes on."""

_HEAD: Final = 8
_CHUNK: Final = 1 << 16
_MAX_FRAME: Final = 1 << 24
_PATIENCE: Final = 1.0


def _never() -> bool:
    return False


class AttachedStreams:
    """The streams of one container, or of one program that is run in it."""

    def __init__(self, connection: Any) -> None:
        """Take over what the SDK gives: a socket, or an object around one."""
        self._connection = connection
        inner = getattr(connection, "_sock", connection)
        self._socket: socket.socket = inner
        self._waiting = b""
        self.is_over = False

    def fileno(self) -> int:
        """The descriptor on which output arrives, to wait for it beside others."""
        return self._socket.fileno()

    def send(self, content: bytes, *, seconds: float, is_enough: Callable[[], bool] = _never) -> bool:
        """Write all of it to standard input and end that; False where it was not taken in time, or that is enough."""
        if not self.write(content, seconds=seconds, is_enough=is_enough):
            return False
        self.end_input()
        return True

    def write(self, content: bytes, *, seconds: float, is_enough: Callable[[], bool] = _never) -> bool:
        """Write all of it to standard input, which stays open; False where it was not taken in time.

        Who waits is asked each second whether that is enough.
        """
        deadline, rest, before = time.monotonic() + seconds, memoryview(content), self._socket.gettimeout()
        try:
            while rest:
                left = deadline - time.monotonic()
                if left <= 0 or is_enough():
                    return False
                self._socket.settimeout(min(left, _PATIENCE))
                with suppress(TimeoutError):
                    rest = rest[self._socket.send(rest[:_CHUNK]) :]
        except OSError:
            return False
        finally:
            with suppress(OSError):
                self._socket.settimeout(before)
        return True

    def end_input(self) -> None:
        """End standard input."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)

    def receive(self, seconds: float) -> list[tuple[int, bytes]]:
        """What came within that time, by stream; nothing where nothing did, and `is_over` once it has ended."""
        if self.is_over or not select.select([self._socket], [], [], max(seconds, 0))[0]:
            return []
        try:
            content = self._socket.recv(_CHUNK)
        except OSError:
            content = b""
        if not content:
            self.is_over = True
        self._waiting += content
        return list(self._split())

    def _split(self) -> list[tuple[int, bytes]]:
        frames = []
        while len(self._waiting) >= _HEAD:
            size = int.from_bytes(self._waiting[4:_HEAD], "big")
            if size > _MAX_FRAME:  # not the engine's framing: nothing that follows can be told apart
                self.is_over = True
                break
            if len(self._waiting) < _HEAD + size:
                break
            frames.append((self._waiting[0], self._waiting[_HEAD : _HEAD + size]))
            self._waiting = self._waiting[_HEAD + size :]
        return frames

    def close(self) -> None:
        """Close the connection."""
        with suppress(OSError):
            self._socket.close()
        with suppress(OSError, AttributeError):
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
