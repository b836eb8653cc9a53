"""A stream that is read once, from front to back, and knows its place."""

from typing import Final

from layerscope.errors import LayerscopeError
from layerscope.image.layer import ByteStream

CHUNK: Final = 1 << 20
"""Bytes per read while skipping: large enough to cost nothing, small enough to stay in the processor's cache."""


class ForwardReader:
    """Reads a stream by rising offsets; what lies between two reads is skipped."""

    def __init__(self, stream: ByteStream) -> None:
        """Start at the stream's present place, which counts as offset 0."""
        self.position = 0
        self._stream = stream
        self._failure: LayerscopeError | None = None

    @property
    def length(self) -> int:
        """How many bytes there were; true once the end was met."""
        return self.position

    def read(self, size: int) -> bytes:
        """Return up to `size` of the bytes that come next, and no bytes only at the end.

        A stream that failed once fails for ever: whoever was given a part of it may have kept the failure to itself.
        """
        if self._failure is not None:
            raise self._failure
        try:
            chunk = self._stream.read(size) if size else b""
        except LayerscopeError as error:
            self._failure = error
            raise
        self.position += len(chunk)
        return chunk

    def read_at(self, offset: int, size: int) -> bytes:
        """Return the `size` bytes at `offset`, which was not passed yet; fewer only where the stream ends."""
        assert offset >= self.position, f"offset {offset} was passed, the stream stands at {self.position}"
        if not self._skip_to(offset):
            return b""
        chunk = self.read(size)
        if len(chunk) == size or not chunk:
            return chunk
        chunks = [chunk]
        missing = size - len(chunk)
        while missing and (chunk := self.read(missing)):
            chunks.append(chunk)
            missing -= len(chunk)
        return b"".join(chunks)

    def _skip_to(self, offset: int) -> bool:
        while self.position < offset:
            if not self.read(min(CHUNK, offset - self.position)):
                return False
        return True


class MemberStream:
    """The body of one member as it passes: the `head` that was looked at already, then the rest of the reader."""

    def __init__(self, reader: ForwardReader, head: bytes, size: int) -> None:
        """Take over at the end of `head`; the body has `size` bytes in all."""
        self._reader = reader
        self._head = head
        self._missing = size - len(head)

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes, and no bytes only at the body's end or where the archive is cut."""
        if self._head:
            chunk, self._head = self._head[:size], self._head[size:]
            return chunk
        chunk = self._reader.read(min(size, self._missing))
        self._missing -= len(chunk)
        return chunk

    def close(self) -> None:
        """Leave the rest of the body to be skipped."""
        self._head = b""
        self._missing = 0
