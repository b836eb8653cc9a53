"""A range of a file: one blob of a layout, one member of an archive, read by position."""

import os
from dataclasses import dataclass

from layerscope.errors import SourceError
from layerscope.image.layer import ByteStream, Stamp
from layerscope.sources.stored_file import StoredFile


@dataclass(frozen=True, slots=True)
class FileSlice:
    """A range of a file under a name: a blob of a layout, a member of an archive.

    `expected` is the size that the archive promises; `size` is less where the file was cut inside the range.
    """

    name: str
    file: StoredFile
    offset: int
    size: int
    expected: int

    @property
    def stamp(self) -> Stamp | None:
        """Identity of the bytes on this host."""
        return self.file.stamp(self.offset, self.size)

    def open(self) -> ByteStream:
        """Open the range from its start, independent of every other reader."""
        descriptor = self.file.open_descriptor()
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(descriptor, self.offset, self.size, os.POSIX_FADV_SEQUENTIAL)
        return FileRange(descriptor, self.offset, self.size, where=self.file.where)

    def open_range(self, offset: int, size: int) -> ByteStream:
        """Open a part of the range."""
        start, length = min(offset, self.size), min(size, self.size - min(offset, self.size))
        return FileRange(self.file.open_descriptor(), self.offset + start, length, where=self.file.where)


class FileRange:
    """Reads a range of a file by position; owns its descriptor."""

    def __init__(self, descriptor: int, offset: int, size: int, *, where: str) -> None:
        """Read the `size` bytes at `offset`; `descriptor` is closed with the range."""
        self._descriptor = descriptor
        self._position = offset
        self._end = offset + size
        self._where = where

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes, and no bytes only at the end of the range or file; raises SourceError."""
        try:
            chunk = os.pread(self._descriptor, min(size, self._end - self._position), self._position)
        except OSError as error:
            raise SourceError(f"reading {self._where} at byte {self._position}: {error.strerror}") from error
        self._position += len(chunk)
        return chunk

    def close(self) -> None:
        """Close the descriptor; more than once does no harm."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


class PositionedFile:
    """A file's bytes by offset, for walking headers."""

    def __init__(self, descriptor: int, length: int, *, where: str) -> None:
        """Read from `descriptor`, which the caller closes; `length` is the file's size."""
        self.length = length
        self._descriptor = descriptor
        self._where = where

    def read_at(self, offset: int, size: int) -> bytes:
        """Return the `size` bytes at `offset`, fewer only where the file ends; raises SourceError."""
        try:
            return os.pread(self._descriptor, size, offset)
        except OSError as error:
            raise SourceError(f"reading {self._where} at byte {offset}: {error.strerror}") from error
