"""PackedBytes: a compressed stream in pieces, of which a decoder gives back what it does not need."""

from typing import Final

from layerscope.image.layer import ByteStream

CHUNK: Final = 256 << 10
"""Bytes read at a time."""

_SMALLEST_PIECE: Final = 16 << 10
"""Bytes that a decoder is given first, and twice as many each time: it copies what it was given too much, and an
archive may be of many small frames."""


class PackedBytes:
    """Reads a stream ahead, and hands it on a piece at a time."""

    def __init__(self, stream: ByteStream) -> None:
        """Read from `stream`, which stays the caller's to close."""
        self._stream = stream
        self._chunk = b""
        self._position = 0
        self._size = _SMALLEST_PIECE

    def take(self) -> bytes:
        """The next bytes, more from one time to the next; none at the end."""
        if self._position == len(self._chunk):
            self._chunk, self._position = self._stream.read(CHUNK), 0
        start, self._position = self._position, min(self._position + self._size, len(self._chunk))
        self._size = min(2 * self._size, CHUNK)
        return self._chunk[start : self._position]

    def give_back(self, size: int) -> None:
        """Take back that many bytes of the last piece; those that follow go to another decoder, few at first."""
        self._position -= size
        self._size = _SMALLEST_PIECE

    def peek(self, size: int) -> bytes:
        """The next bytes, fewer only at the end; they stay."""
        while len(self._chunk) - self._position < size and (more := self._stream.read(CHUNK)):
            self._chunk, self._position = self._chunk[self._position :] + more, 0
        return self._chunk[self._position : self._position + size]

    def skip_zeros(self) -> int:
        """Pass over zeros; returns how many there were."""
        count, piece = 0, self.peek(_FIRST_LOOK)
        while piece:
            zeros = len(piece) - len(piece.lstrip(b"\0"))
            count += zeros
            self._position += zeros
            if zeros < len(piece):
                break
            piece = self.peek(CHUNK)
        return count


_FIRST_LOOK: Final = 4
"""Bytes that tell whether there are zeros at all, as there are in few places."""
