"""ElfContent: the bytes of one file, whole or as far as they were kept, with readings that say what is not there."""

from bisect import bisect_right
from collections.abc import Sequence
from typing import Final

from layerscope.errors import FormatError

MAX_TEXT: Final = 4096
"""Bytes of a name: PATH_MAX, which no file name, version or ELF interpreter can pass."""


class ElfContent:
    """A file of `size` bytes, of which those in `parts` are at hand: (offset, bytes), ascending, not overlapping."""

    def __init__(self, size: int, parts: Sequence[tuple[int, memoryview]]) -> None:
        """Hold the parts."""
        self.size = size
        self._parts = parts
        self._starts = [start for start, _ in parts]

    def read(self, offset: int, size: int) -> memoryview:
        """The bytes at a place; raises FormatError where the file ends before, or where they were not kept."""
        stop = offset + size
        if stop > self.size:
            raise FormatError(f"bytes {offset:,} to {stop:,} of a file of {self.size:,}")
        number = bisect_right(self._starts, offset) - 1
        if number < 0:
            raise FormatError(f"bytes {offset:,} to {stop:,} were not kept")
        start, part = self._parts[number]
        if stop <= start + len(part):
            return part[offset - start : stop - start]
        return memoryview(self._join(number, offset, stop))

    def read_most(self, offset: int, size: int) -> memoryview:
        """As many of these bytes as are at hand one after the other; raises FormatError where there are none."""
        number = bisect_right(self._starts, offset) - 1
        reached = offset
        while 0 <= number < len(self._parts) and self._starts[number] <= reached < offset + size:
            reached = self._starts[number] + len(self._parts[number][1])
            number += 1
        return self.read(offset, max(min(reached - offset, size), 1))

    def _join(self, number: int, offset: int, stop: int) -> bytes:
        pieces, reached = list[memoryview](), offset
        for start, part in self._parts[number:]:
            if start > reached or reached >= stop:
                break
            pieces.append(part[reached - start : stop - start])
            reached += len(pieces[-1])
        if reached < stop:
            raise FormatError(f"bytes {reached:,} to {stop:,} were not kept")
        return b"".join(pieces)


def read_text(strings: bytes, offset: int, limit: int = MAX_TEXT) -> str:
    """The text at a place of a string table; raises FormatError where none ends within the limit."""
    end = strings.find(b"\0", offset, offset + limit)
    if end < 0:
        raise FormatError(f"no text of at most {limit:,} bytes at byte {offset:,} of the string table")
    return strings[offset:end].decode(errors="surrogateescape")
