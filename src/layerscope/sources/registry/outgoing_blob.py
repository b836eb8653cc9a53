"""The bytes of a blob on their way out: hashed as they are read, and at hand again from any byte on."""

import hashlib
from collections.abc import Callable
from typing import Final

from layerscope.errors import DigestMismatchError
from layerscope.image.descriptor import Descriptor
from layerscope.image.digest import Digest
from layerscope.image.layer import ByteStream

_PIECE: Final = 1 << 20


class OutgoingBlob:
    """A blob that is sent in parts; the last part is kept, and what lies before it is read anew if it is wanted."""

    def __init__(self, descriptor: Descriptor, open_stream: Callable[[], ByteStream], *, task: str) -> None:
        """Open nothing yet; `open_stream` may be called again, and gives the whole blob each time."""
        self.digest = descriptor.digest
        self.size = descriptor.size
        self._open_stream = open_stream
        self._task = task
        self._stream: ByteStream | None = None
        self._hash = hashlib.new(descriptor.digest.algorithm)
        self._part = bytearray()
        self._start = 0

    def take(self, start: int, limit: int) -> memoryview:
        """Up to `limit` bytes from `start` on, at least one; raises DigestMismatchError where the blob ends early."""
        assert start < self.size, "there is something to take"
        if start < self._start:
            self.close()
        while start >= self._end:
            self._read_part(limit if start == self._end else min(start - self._end, _PIECE))
        offset = start - self._start
        return memoryview(self._part)[offset : offset + limit]

    def check(self) -> None:
        """Raise DigestMismatchError unless the bytes are those that the descriptor names, and no more."""
        while self._end < self.size:
            self._read_part(_PIECE)
        if self._open().read(1):
            raise DigestMismatchError(f"{self._task}: more than the {self.size:,} bytes of its descriptor")
        found = Digest(self.digest.algorithm, self._hash.hexdigest())
        if found != self.digest:
            raise DigestMismatchError(f"{self._task}: its bytes have the digest {found}, expected {self.digest}")

    def close(self) -> None:
        """Forget what was read; more than once does no harm."""
        if self._stream is not None:
            self._stream.close()
        self._stream, self._part, self._start = None, bytearray(), 0
        self._hash = hashlib.new(self.digest.algorithm)

    @property
    def _end(self) -> int:
        """How far the blob has been read."""
        return self._start + len(self._part)

    def _read_part(self, limit: int) -> None:
        """The next bytes, as many as there may be, in place of those at hand."""
        start, part = self._end, bytearray()
        wanted = min(limit, self.size - start)
        self._part, self._start = bytearray(), start
        while len(part) < wanted:
            piece = self._open().read(min(wanted - len(part), _PIECE))
            if not piece:
                read = start + len(part)
                raise DigestMismatchError(f"{self._task}: it ends after {read:,} of {self.size:,} bytes")
            self._hash.update(piece)
            part += piece
        self._part = part

    def _open(self) -> ByteStream:
        if self._stream is None:
            self._stream = self._open_stream()
        return self._stream
