"""Writes fatbinaries: containers of entries whose payloads are filler."""

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from layerscope.formats.device_code import CodeKind

PTX_KIND: Final = 1
SASS_KIND: Final = 2
LTO_KIND: Final = 8

_KINDS: Final = {CodeKind.PTX: PTX_KIND, CodeKind.SASS: SASS_KIND, CodeKind.LTO: LTO_KIND, CodeKind.OTHER: 64}
_SUFFIX_FLAGS: Final = {"": 0, "a": 0x100000, "f": 0x200000}
_ORDINARY_FLAGS: Final = 0x2011
_ENTRY: Final = struct.Struct("<HHIQIIHHIIIQQQ")


@dataclass(frozen=True)
class Entry:
    """One entry to be written; `header` is the length of its header, `version` the two bytes that all entries share."""

    kind: CodeKind
    arch: int
    suffix: str = ""
    isa: tuple[int, int] = (0, 0)
    size: int = 64
    header: int = 64
    version: int = 0x0101
    filler: bytes = b"\xed"


def sass(arch: int, suffix: str = "", *, size: int = 64) -> Entry:
    """A cubin for that architecture."""
    return Entry(CodeKind.SASS, arch, suffix, (1, 7), size)


def ptx(arch: int, isa: tuple[int, int] = (8, 0), suffix: str = "", *, size: int = 64) -> Entry:
    """PTX for that virtual architecture, of that ISA version."""
    return Entry(CodeKind.PTX, arch, suffix, isa, size)


def write_entry(entry: Entry) -> bytes:
    """The entry's header and payload."""
    major, minor = entry.isa
    flags = _ORDINARY_FLAGS | _SUFFIX_FLAGS[entry.suffix]
    header = _ENTRY.pack(
        _KINDS[entry.kind], entry.version, entry.header, entry.size, 0, 0, minor, major, entry.arch, 0, 0, flags, 0, 0
    )
    return header.ljust(entry.header, b"\0") + (entry.filler * entry.size)[: entry.size]


def write_container(entries: Iterable[Entry]) -> bytes:
    """A container of those entries."""
    content = b"".join(map(write_entry, entries))
    return struct.pack("<IHHQ", 0xBA55ED50, 1, 16, len(content)) + content
