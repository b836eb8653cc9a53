"""KeptRanges: the parts of a passing file that are wanted, in memory that has a ceiling."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final

from layerscope.formats.elf_content import ElfContent

CEILING: Final = 64 << 20
"""Bytes of one file that are kept at once: what the loader reads of the largest libraries is half of that."""

Range = tuple[int, int]
"""Where bytes begin and where they end."""


class KeptRanges:
    """Keeps what it is told to want of a stream, and lets go what is no longer wanted."""

    def __init__(self, wanted: Sequence[Range]) -> None:
        """Begin before the first byte."""
        self.position = 0
        self._wanted = merge_ranges(wanted)
        self._parts: list[tuple[int, memoryview]] = []

    def feed(self, piece: memoryview) -> None:
        """Take the next bytes of the stream."""
        start, self.position = self.position, self.position + len(piece)
        self._parts += _cut(self._wanted, start, piece)

    def want(self, wanted: Sequence[Range]) -> None:
        """Want these ranges and no others, the first ones first where not all are below the ceiling."""
        self._wanted = merge_ranges(wanted)
        parts = self._parts
        self._parts = [kept for start, part in parts for kept in _cut(self._wanted, start, part)]

    def content(self, size: int) -> ElfContent:
        """What is kept of a file of that size."""
        return ElfContent(size, self._parts)


def merge_ranges(wanted: Iterable[Range]) -> list[Range]:
    """The ranges ascending, those that meet as one, together below the ceiling; earlier ones go first."""
    left, within = CEILING, list[Range]()
    for start, stop in wanted:
        if start < stop and left > 0:
            within.append((start, min(stop, start + left)))
            left -= within[-1][1] - start
    merged: list[Range] = []
    for start, stop in sorted(within):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(stop, merged[-1][1]))
        else:
            merged.append((start, stop))
    assert all(first[1] < second[0] for first, second in pairwise(merged)), "ranges ascend and do not meet"
    return merged


def to_bytes(piece: memoryview) -> bytes:
    """The bytes of a piece, for searching; they are copied only where it is not all of an object."""
    whole = piece.obj
    return whole if isinstance(whole, bytes) and len(whole) == len(piece) and piece.contiguous else bytes(piece)


def _cut(wanted: Sequence[Range], start: int, piece: memoryview) -> list[tuple[int, memoryview]]:
    """The parts of a piece that lies at `start` of the file which are wanted."""
    end = start + len(piece)
    cut = []
    for first, stop in wanted:
        if first < end and stop > start:
            begin = max(first, start)
            cut.append((begin, _own(piece[begin - start : stop - start])))
    return cut


def _own(part: memoryview) -> memoryview:
    """The bytes as our own: themselves where they are most of an unchanging object, else a copy."""
    whole = part.obj
    if isinstance(whole, bytes) and len(part) * 2 >= len(whole):
        return part
    return memoryview(bytes(part))
