"""The dynamic section of an ELF file: what the loader needs to know, and where the tables lie that it reads.

https://refspecs.linuxfoundation.org/elf/gabi4+/ch5.dynamic.html
"""

import struct
from bisect import bisect_right
from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from layerscope.errors import FormatError
from layerscope.formats.elf_header import PT_LOAD, ElfHeader, Segment, locate

MAX_DYNAMIC: Final = 1 << 20
"""Bytes of the section: 65,536 entries, where a library has forty and one for each library that it needs."""

MAX_NEEDED: Final = 4096
"""Libraries that one object needs; each name may be a path."""

NEEDED, HASH, STRTAB, SYMTAB, STRSZ = 1, 4, 5, 6, 10
SONAME, RPATH, RUNPATH, FLAGS, RELR = 14, 15, 29, 30, 36
GNU_HASH, VERSYM, FLAGS_1, VERDEF, VERDEFNUM, VERNEED, VERNEEDNUM = (
    0x6FFFFEF5,
    0x6FFFFFF0,
    0x6FFFFFFB,
    0x6FFFFFFC,
    0x6FFFFFFD,
    0x6FFFFFFE,
    0x6FFFFFFF,
)
_ADDRESSES: Final = (
    3,
    HASH,
    STRTAB,
    SYMTAB,
    7,
    12,
    13,
    17,
    23,
    25,
    26,
    32,
    34,
    RELR,
    GNU_HASH,
    VERSYM,
    VERDEF,
    VERNEED,
)
"""Entries that are addresses: what lies at one of them ends before the next."""

_MIB: Final = 1 << 20
TABLES: Final = {
    STRTAB: 48 * _MIB, SYMTAB: 24 * _MIB, VERSYM: 2 * _MIB, VERNEED: _MIB, VERDEF: _MIB, HASH: 8 * _MIB,
    GNU_HASH: 16 * _MIB,
}  # fmt: skip
"""The tables that are read, in order of their weight, and the most bytes of each.

A million symbols, with names of 48 bytes or a third of them with three times that: TensorFlow's largest library has
half a million.
"""

_ENTRIES: Final = {
    (bits, order): struct.Struct(f"{order}2{letter}") for bits, letter in ((32, "I"), (64, "Q")) for order in "<>"
}


class Dynamic(Struct, frozen=True):
    """The entries by tag, the last of a kind, as the loader takes them; `needed` are places in the string table."""

    values: dict[int, int]
    needed: tuple[int, ...]


def parse_dynamic(content: memoryview, header: ElfHeader) -> Dynamic:
    """The entries up to the null entry; raises FormatError where there are too many."""
    row = _ENTRIES[header.bits, header.order]
    values, needed = dict[int, int](), list[int]()
    for tag, value in row.iter_unpack(content[: len(content) // row.size * row.size]):
        if not tag:
            break
        if tag == NEEDED:
            needed.append(value)
        values[tag] = value
    if len(needed) > MAX_NEEDED:
        raise FormatError(f"{len(needed):,} needed libraries, expected {MAX_NEEDED:,} at most")
    return Dynamic(values, tuple(needed))


def find_tables(dynamic: Dynamic, segments: Sequence[Segment]) -> dict[int, tuple[int, int]]:
    """Where in the file the tables begin and end at most, by tag; those that lie nowhere in it are left out.

    Only the string table's size stands in the section. Any other ends where the next thing begins that the section
    tells of, or with its segment.
    """
    places = {tag: locate(segments, dynamic.values[tag]) for tag in _ADDRESSES if tag in dynamic.values}
    starts = [place for place in places.values() if place is not None]
    starts += [segment.offset for segment in segments if segment.size]
    starts.sort()
    found = {}
    for tag, limit in TABLES.items():
        start = places.get(tag)
        if start is not None:
            size = dynamic.values.get(STRSZ, 0) if tag == STRTAB else _room(start, starts, segments)
            found[tag] = (start, start + min(size, limit))
    return found


def _room(start: int, starts: Sequence[int], segments: Sequence[Segment]) -> int:
    """Bytes from a place to the next of the ascending `starts`, or to the end of the loaded segment that it lies in."""
    following = bisect_right(starts, start)
    ends = [each.stop for each in segments if each.type == PT_LOAD and each.offset <= start < each.stop]
    return min([*ends, *starts[following : following + 1]], default=start) - start
