"""Parts: the first bytes of a blob whose fetching broke off, kept until the rest of it has come.

A part is a file of frames, each the size of its payload, the payload's CRC-32, and the payload: what a power failure
tore ends the part, and is fetched again. A part never proves anything; the blob's digest does, once it is whole.
One reading at a time writes a part: it holds an advisory lock, which nobody waits for and the kernel drops with it.
"""

import fcntl
import os
import struct
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

try:
    from isal.isal_zlib import crc32  # four times as fast
except ImportError:
    from zlib import crc32

FRAME_SIZE: Final = 1 << 20
"""Payload bytes that make a frame worth writing; fewer are written only when the reading ends."""
MAX_FRAME: Final = 16 << 20
"""Payload bytes of the largest frame: a piece more than is worth writing."""

SMALLEST_BLOB: Final = 16 << 20
"""Stored bytes below which a blob is sooner fetched again than kept in part."""

_MOST_PIECES: Final = 1000
"""Pieces that the kernel takes at once: IOV_MAX is 1024."""

_HEAD: Final = struct.Struct("<II")


class Part:
    """The part of one blob, open for reading what is there and for adding to it."""

    def __init__(self, descriptor: int, path: Path, ceiling: int, tell: Callable[[int], None]) -> None:
        """Take over a locked file; `ceiling` bounds its payload, and `tell` is told how many bytes were written."""
        self._file = descriptor
        self._inode = os.fstat(descriptor).st_ino
        self._path = path
        self._ceiling = ceiling
        self._tell = tell
        self._size = 0
        self._end = 0
        self._waiting: list[bytes] = []
        self._waiting_size = self._checksum = 0
        self._is_open = True

    def read_frames(self) -> Iterator[bytes]:
        """Yield what is there, in order; whatever follows the last sound frame is cut off.

        Trouble with the file ends the part where it is, and nothing is added to it then.
        """
        while (payload := self._try_read_frame()) is not None:
            self._size += len(payload)
            self._end += _HEAD.size + len(payload)
            yield payload
        try:
            os.ftruncate(self._file, self._end)
            os.lseek(self._file, self._end, os.SEEK_SET)
        except OSError:
            self._leave()

    def add(self, chunk: bytes) -> None:
        """Add the bytes that follow; the part ends where its ceiling is passed, or where the disk takes no more."""
        if not self._is_open:
            return
        self._waiting.append(chunk)
        self._checksum = crc32(chunk, self._checksum)
        self._waiting_size += len(chunk)
        if self._waiting_size >= FRAME_SIZE:
            self._write_frame()

    def close(self) -> None:
        """Keep what is there for later; more than once does no harm."""
        if self._is_open and self._waiting:
            self._write_frame()
        self._leave()
        if self._file >= 0:
            with suppress(OSError):
                fcntl.flock(self._file, fcntl.LOCK_UN)  # a process that was forked meanwhile may have it open, too
            os.close(self._file)
            self._file = -1

    def drop(self) -> None:
        """Remove the part: the blob is whole, or its part is of no use; also once it was closed."""
        self._leave()
        with suppress(OSError):
            if self._path.stat().st_ino == self._inode:  # else it was pruned, and another reading began one
                self._path.unlink()
        self.close()

    def _try_read_frame(self) -> bytes | None:
        try:
            return _read_frame(self._file)
        except OSError:
            self._leave()
            return None

    def _write_frame(self) -> None:
        """Write what waits as one frame; the pieces go to the kernel as they came, since copying them is dear."""
        pieces = self._waiting if len(self._waiting) < _MOST_PIECES else [b"".join(self._waiting)]
        size, pieces = self._waiting_size, [_HEAD.pack(self._waiting_size, self._checksum), *pieces]
        if self._size + size > self._ceiling or size > MAX_FRAME:
            self._leave()
            return
        try:
            is_written = os.writev(self._file, pieces) == _HEAD.size + size
        except OSError:  # a full disk: what was kept so far is of use, a torn frame is found when it is read
            is_written = False
        if not is_written:
            self._leave()
            return
        self._forget_waiting()
        self._size += size
        self._tell(_HEAD.size + size)

    def _leave(self) -> None:
        """Add nothing more."""
        self._is_open = False
        self._forget_waiting()

    def _forget_waiting(self) -> None:
        self._waiting.clear()
        self._waiting_size = self._checksum = 0


def open_part(path: Path, ceiling: int, tell: Callable[[int], None]) -> Part | None:
    """Return the part kept at a path, made if it is not there; None where another reading is at work on it.

    Raises OSError where the folder cannot be used.
    """
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        is_there = os.fstat(descriptor).st_nlink > 0  # else it was removed between opening and locking
    except OSError:  # locked, or a file system without locks
        is_there = False
    if not is_there:
        os.close(descriptor)
        return None
    return Part(descriptor, path, ceiling, tell)


def is_sound(path: Path) -> bool:
    """Tell whether every frame of a part is as it was written, or is being written now; raises OSError."""
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
        sound = 0
        while (payload := _read_frame(file.fileno())) is not None:
            sound += _HEAD.size + len(payload)
        return sound == os.fstat(file.fileno()).st_size


def _read_frame(file: int) -> bytes | None:
    """The payload of the frame that a file stands at; None where there is no sound one."""
    head = os.read(file, _HEAD.size)
    if len(head) < _HEAD.size:
        return None
    size, checksum = _HEAD.unpack(head)
    if not 0 < size <= MAX_FRAME:
        return None
    payload = os.read(file, size)
    return payload if len(payload) == size and crc32(payload) == checksum else None
