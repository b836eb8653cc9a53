"""Sparse files in tar: where the stored bytes lie in the logical file.

Formats: https://www.gnu.org/software/tar/manual/html_node/Sparse-Formats.html
"""

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum

from msgspec import Struct

from layerscope.layers.limits import MAX_SPARSE_SEGMENTS, MIB
from layerscope.layers.pax import parse_count
from layerscope.layers.tar_number import parse_number

_ZEROS = bytes(MIB)


class SparseMap(Struct, frozen=True):
    """Logical size and the (offset, length) segments that are stored, in order; the rest are zeros."""

    size: int
    segments: tuple[tuple[int, int], ...]

    def __post_init__(self) -> None:
        """Refuse a map that overlaps, runs backwards or past the end; raises ValueError."""
        position = 0
        for offset, length in self.segments:
            if offset < position or length < 0 or offset + length > self.size:
                raise ValueError(f"segment {offset}+{length} does not fit a file of {self.size} bytes")
            position = offset + length

    @property
    def stored(self) -> int:
        """Bytes that are stored."""
        return sum(length for _, length in self.segments)

    def iter_content(self, stored: Iterable[bytes | memoryview]) -> Iterator[bytes | memoryview]:
        """The logical content in pieces, given the stored bytes in pieces."""
        pieces = iter(stored)
        rest = memoryview(b"")
        position = 0
        for offset, length in self.segments:
            yield from iter_zeros(offset - position)
            missing = length
            while missing:
                if not rest:
                    rest = memoryview(next(pieces))
                yield rest[:missing]
                taken = min(missing, len(rest))
                rest = rest[taken:]
                missing -= taken
            position = offset + length
        yield from iter_zeros(self.size - position)


def iter_zeros(count: int) -> Iterator[bytes]:
    """That many zero bytes, in pieces."""
    while count > 0:
        yield _ZEROS[:count]
        count -= len(_ZEROS)


def parse_old_gnu(fields: bytes) -> list[tuple[int, int]]:
    """The segments of a run of 24-byte (offset, length) fields, up to the first empty one."""
    segments = []
    for start in range(0, len(fields) - 23, 24):
        if not fields[start]:
            break
        segments.append((parse_number(fields[start : start + 12]), parse_number(fields[start + 12 : start + 24])))
    return segments


class MapPlace(StrEnum):
    """Where a sparse file of a PAX format has its map."""

    RECORDS = "records"
    """Formats 0.0 and 0.1."""
    DATA = "data"
    """Format 1.0."""


def find_map(records: Mapping[bytes, bytes]) -> MapPlace | None:
    """Where the map of a sparse file lies; None where its records make no file sparse, as Go's archive/tar has it."""
    version = records.get(b"GNU.sparse.major", b""), records.get(b"GNU.sparse.minor", b"")
    if version in {(b"0", b"0"), (b"0", b"1")}:
        return MapPlace.RECORDS
    if version == (b"1", b"0"):
        return MapPlace.DATA
    return MapPlace.RECORDS if version == (b"", b"") and records.get(b"GNU.sparse.map") else None


def parse_size(records: Mapping[bytes, bytes], stored: int) -> int:
    """The logical size of a sparse file of so many stored bytes; raises ValueError."""
    told = records.get(b"GNU.sparse.size") or records.get(b"GNU.sparse.realsize")
    return parse_count(told) if told else stored


def parse_pax_map(records: Mapping[bytes, bytes], stored: int) -> SparseMap:
    """The map that lies in the records; raises ValueError."""
    numbers = records.get(b"GNU.sparse.map")
    values = [parse_count(number) for number in numbers.split(b",")] if numbers else []
    return SparseMap(parse_size(records, stored), pair_segments(values))


def is_map_counted(records: Mapping[bytes, bytes], segments: int) -> bool:
    """Whether the records tell the number of a map's segments, without which Go's archive/tar refuses it."""
    try:
        return parse_count(records.get(b"GNU.sparse.numblocks", b"")) == segments
    except ValueError:
        return False


def pair_segments(values: list[int]) -> tuple[tuple[int, int], ...]:
    """Offsets and lengths in turn, as segments; raises ValueError for an odd number or too many."""
    if len(values) % 2 or len(values) > 2 * MAX_SPARSE_SEGMENTS:
        raise ValueError(f"a sparse map of {len(values)} numbers, expected pairs, at most {MAX_SPARSE_SEGMENTS}")
    return tuple(zip(values[::2], values[1::2], strict=True))
