"""Symbol versions of an ELF file: those that it requires of others, and those that it provides.

https://refspecs.linuxfoundation.org/LSB_5.0.0/LSB-Core-generic/LSB-Core-generic/symversion.html
"""

import struct
from typing import Final

from msgspec import Struct, field

from layerscope.errors import FormatError
from layerscope.formats.elf_content import read_text
from layerscope.formats.elf_header import ElfHeader
from layerscope.formats.elf_object import NeededVersion

MAX_VERSIONS: Final = 4096
"""Versions in one table: glibc has some fifty, Qt a few hundred."""

HIDDEN: Final = 0x8000
"""Bit of a version's number that says it is not the default one."""

_NEED, _NEED_VERSION = "2H3I", "I2H2I"
_DEFINITION, _DEFINITION_NAME = "4H3I", "I"
_BASE, _WEAK = 1, 2
"""Flags: a definition that is the object's own name, and a requirement that may lack."""


class Versions(Struct, frozen=True):
    """Versions required and provided, in the order of their tables; `names` has them by the numbers of symbols."""

    required: tuple[NeededVersion, ...] = ()
    provided: tuple[str, ...] = ()
    names: dict[int, str] = field(default_factory=dict)


def parse_required(table: memoryview, strings: bytes, count: int, header: ElfHeader) -> Versions:
    """The table of requirements on `count` libraries; raises FormatError."""
    need, version = struct.Struct(header.order + _NEED), struct.Struct(header.order + _NEED_VERSION)
    required, names, start = list[NeededVersion](), dict[int, str](), 0
    try:
        for _ in range(min(count, MAX_VERSIONS)):
            _, versions, name, first, following = need.unpack_from(table, start)
            library, place = read_text(strings, name), start + first
            for _ in range(versions):
                _, flags, number, text, after = version.unpack_from(table, place)
                required.append(NeededVersion(library, read_text(strings, text), bool(flags & _WEAK)))
                names[number & ~HIDDEN] = required[-1].version
                place += after
                _check(len(required))
                if not after:
                    break
            start += following
            if not following:
                break
    except struct.error as cause:
        raise FormatError(f"a requirement beyond the {len(table):,} bytes of their table") from cause
    return Versions(tuple(required), (), names)


def parse_provided(table: memoryview, strings: bytes, count: int, header: ElfHeader) -> Versions:
    """The table of `count` definitions; the base definition, which is no version, is left out. Raises FormatError."""
    definition, named = struct.Struct(header.order + _DEFINITION), struct.Struct(header.order + _DEFINITION_NAME)
    provided, names, start = list[str](), dict[int, str](), 0
    _check(count)
    try:
        for _ in range(count):
            _, flags, number, _, _, first, following = definition.unpack_from(table, start)
            text = read_text(strings, named.unpack_from(table, start + first)[0])
            if not flags & _BASE:
                names[number & ~HIDDEN] = text
                provided.append(text)
            start += following
            if not following:
                break
    except struct.error as cause:
        raise FormatError(f"a definition beyond the {len(table):,} bytes of their table") from cause
    return Versions((), tuple(provided), names)


def _check(count: int) -> None:
    if count > MAX_VERSIONS:
        raise FormatError(f"{count:,} versions, expected {MAX_VERSIONS:,} at most")
