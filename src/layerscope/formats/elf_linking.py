"""What links an ELF object to others: the names, versions and symbols that its dynamic section leads to."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeVar

from msgspec import Struct

from layerscope.errors import FormatError
from layerscope.formats.elf_content import MAX_TEXT, ElfContent, read_text
from layerscope.formats.elf_dynamic import (
    GNU_HASH,
    HASH,
    RPATH,
    RUNPATH,
    SONAME,
    STRTAB,
    SYMTAB,
    VERDEF,
    VERDEFNUM,
    VERNEED,
    VERNEEDNUM,
    VERSYM,
    Dynamic,
    find_tables,
)
from layerscope.formats.elf_header import SHT_DYNSYM, ElfHeader, Section, Segment
from layerscope.formats.elf_object import NeededVersion, UndefinedSymbols
from layerscope.formats.elf_symbols import (
    MAX_SYMBOLS,
    SYMBOL_SIZES,
    SymbolTable,
    count_by_hash,
    parse_symbols,
    parse_version_numbers,
    read_exports,
    read_undefined,
)
from layerscope.formats.elf_versions import Versions, parse_provided, parse_required
from layerscope.formats.gnu_hash import GnuHashTable, parse_gnu_hash

T = TypeVar("T")

MAX_SEARCH_PATH: Final = 1 << 16
"""Bytes of an RPATH or RUNPATH, which is a list of directories."""

_NO_SYMBOLS: Final = (UndefinedSymbols(), b"")


class Linking(Struct, frozen=True):
    """Fields of `ElfObject`."""

    soname: str | None
    needed: tuple[str, ...]
    rpath: str | None
    runpath: str | None
    required_versions: tuple[NeededVersion, ...]
    provided_versions: tuple[str, ...]
    undefined: UndefinedSymbols
    exports: bytes


def attempt(problems: list[str], what: str, read: Callable[[], T], default: T) -> T:
    """What `read` returns; where it raises FormatError, the default, and a problem more."""
    try:
        return read()
    except FormatError as error:
        problems.append(f"its {what} could not be read: {error}")
        return default


def read_linking(
    content: ElfContent,
    header: ElfHeader,
    dynamic: Dynamic,
    segments: Sequence[Segment],
    sections: Sequence[Section],
    *,
    problems: list[str],
) -> Linking:
    """What the dynamic section leads to; what cannot be read adds to `problems`."""
    tables = _Tables(content, header, dynamic, segments, sections)
    strings = attempt(problems, "string table", tables.read_strings, b"")
    required = provided = Versions()
    if strings:
        required = attempt(problems, "required versions", lambda: tables.read_required(strings), required)
        provided = attempt(problems, "provided versions", lambda: tables.read_provided(strings), provided)
    versions = provided.names | required.names

    def read_name(tag: int, limit: int = MAX_TEXT) -> str | None:
        return read_text(strings, dynamic.values[tag], limit) if strings and tag in dynamic.values else None

    undefined, exports = tables.read_symbols(strings, versions, problems) if strings else _NO_SYMBOLS
    return Linking(
        soname=attempt(problems, "soname", lambda: read_name(SONAME), None),
        needed=attempt(problems, "needed libraries", lambda: _read_needed(strings, dynamic), ()),
        rpath=attempt(problems, "RPATH", lambda: read_name(RPATH, MAX_SEARCH_PATH), None),
        runpath=attempt(problems, "RUNPATH", lambda: read_name(RUNPATH, MAX_SEARCH_PATH), None),
        required_versions=required.required,
        provided_versions=provided.provided,
        undefined=undefined,
        exports=exports,
    )


def _read_needed(strings: bytes, dynamic: Dynamic) -> tuple[str, ...]:
    return tuple([read_text(strings, place) for place in dynamic.needed]) if strings else ()


class _Tables:
    """The tables of one file, found by the addresses in its dynamic section."""

    def __init__(
        self,
        content: ElfContent,
        header: ElfHeader,
        dynamic: Dynamic,
        segments: Sequence[Segment],
        sections: Sequence[Section],
    ) -> None:
        """Find them."""
        self._content, self._header, self._values, self._sections = content, header, dynamic.values, sections
        self._places = find_tables(dynamic, segments)

    def read_strings(self) -> bytes:
        """All names; none where there are none."""
        if STRTAB not in self._values:
            return b""
        start, stop = self._place(STRTAB)
        return bytes(self._content.read(start, stop - start))

    def read_required(self, strings: bytes) -> Versions:
        """The versions that the object requires of others."""
        if VERNEED not in self._values:
            return Versions()
        return parse_required(self._read(VERNEED), strings, self._values.get(VERNEEDNUM, 0), self._header)

    def read_provided(self, strings: bytes) -> Versions:
        """The versions that it provides."""
        if VERDEF not in self._values:
            return Versions()
        return parse_provided(self._read(VERDEF), strings, self._values.get(VERDEFNUM, 0), self._header)

    def read_symbols(
        self, strings: bytes, versions: Mapping[int, str], problems: list[str]
    ) -> tuple[UndefinedSymbols, bytes]:
        """Undefined and exported symbols; what cannot be read of them adds to `problems`."""
        hashes = attempt(problems, "GNU hash table", self._read_hashes, None)
        symbols = attempt(problems, "dynamic symbols", lambda: self._read_table(hashes), None)
        if symbols is None:
            return _NO_SYMBOLS
        numbers = attempt(problems, "symbol versions", lambda: self._read_numbers(len(symbols.verdicts)), None)
        return (
            attempt(
                problems,
                "undefined symbols",
                lambda: read_undefined(symbols, strings, numbers=numbers, versions=versions),
                UndefinedSymbols(),
            ),
            attempt(problems, "exported symbols", lambda: read_exports(symbols, strings, hashes), b""),
        )

    def _read_hashes(self) -> GnuHashTable | None:
        return parse_gnu_hash(self._read(GNU_HASH), self._header) if GNU_HASH in self._places else None

    def _read_table(self, hashes: GnuHashTable | None) -> SymbolTable | None:
        if SYMTAB not in self._values:
            return None
        (start, stop), size = self._place(SYMTAB), SYMBOL_SIZES[self._header.bits]
        count = self._count_symbols(start, stop, size, hashes)
        if count > MAX_SYMBOLS or start + count * size > stop:
            raise FormatError(f"{count:,} symbols, where there is room for {(stop - start) // size:,}")
        return parse_symbols(self._content.read(start, count * size), self._header)

    def _read_numbers(self, count: int) -> Sequence[int] | None:
        """The version number of each symbol."""
        if VERSYM not in self._values:
            return None
        start, stop = self._place(VERSYM)
        if start + 2 * count > stop:
            raise FormatError(f"{(stop - start) // 2:,} version numbers of {count:,} symbols")
        return parse_version_numbers(self._content.read(start, 2 * count), self._header)

    def _count_symbols(self, start: int, stop: int, size: int, hashes: GnuHashTable | None) -> int:
        """How many symbols there are: by a hash table, a section header, or the string table that follows."""
        if HASH in self._places:
            return count_by_hash(self._read(HASH), self._header)
        if hashes is not None and hashes.count is not None:
            return hashes.count
        for section in self._sections:
            if section.type == SHT_DYNSYM and section.offset == start:
                return section.size // size
        if self._places.get(STRTAB, (None, 0))[0] == stop:
            return (stop - start) // size
        raise FormatError("nothing tells their number")

    def _place(self, tag: int) -> tuple[int, int]:
        place = self._places.get(tag)
        if place is None:
            raise FormatError(f"address {self._values[tag]:#x} is in no loaded segment")
        return place

    def _read(self, tag: int) -> memoryview:
        start, stop = self._place(tag)
        return self._content.read_most(start, stop - start)
