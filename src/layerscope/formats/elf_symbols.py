"""Dynamic symbols of an ELF file: those that others must define, and those that it exports.

https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.symtab.html
"""

import struct
from array import array
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain, compress
from typing import Final

from msgspec import Struct

from layerscope.errors import FormatError
from layerscope.formats.elf_header import ElfHeader
from layerscope.formats.elf_integers import read_integers
from layerscope.formats.elf_object import UndefinedSymbols
from layerscope.formats.elf_versions import HIDDEN
from layerscope.formats.gnu_hash import GnuHashTable, hash_names

MAX_SYMBOLS: Final = 1_000_000
"""TensorFlow's largest library has half a million."""

MAX_UNDEFINED: Final = 200_000
"""Undefined symbols of one object, each of which is kept by name; PyTorch's largest has 30,000."""

MAX_NAME: Final = 1 << 16
"""Bytes of a symbol's name; mangled templates reach a few thousand."""

MAX_UNDEFINED_BYTES: Final = 16 << 20
MAX_HASHED_BYTES: Final = 32 << 20
"""Bytes of all names together, those that are exported only where no GNU hash table has their hashes.

Names may overlap, so that a table of a megabyte could tell of terabytes.
"""

SYMBOL_SIZES: Final = {32: 16, 64: 24}
_KIND_WORDS: Final = {32: 3, 64: 1}
_KINDS: Final = {order: struct.Struct(f"{order}2BH") for order in "<>"}
_WORDS: Final = {order: struct.Struct(f"{order}I") for order in "<>"}
_INTERNAL, _EXPORT, _UNDEFINED, _WEAK_UNDEFINED = 0, 1, 2, 3
_PICK_EXPORTED: Final = bytes(number == _EXPORT for number in range(256))
_PICK_UNDEFINED: Final = bytes(number in {_UNDEFINED, _WEAK_UNDEFINED} for number in range(256))
_EXPORTED: Final = frozenset({1, 2, 10})
"""Bindings that other objects see: global, weak, unique."""

_WEAK: Final = 2
_VISIBLE: Final = frozenset({0, 3})
"""Visibilities that leave a symbol visible: default, protected."""

_WIDE_HASH: Final = frozenset({(64, 22), (64, 0x9026)})
"""s390x and Alpha, whose System V hash tables have entries of eight bytes."""

_SUMMED: Final = 256
"""Names that are added up before their sum is compared with its ceiling: 16 MiB of the longest."""


class SymbolTable(Struct, frozen=True):
    """Of each symbol where its name lies in the string table, and what it is to others: one byte."""

    names: Sequence[int]
    verdicts: bytes


def count_by_hash(table: memoryview, header: ElfHeader) -> int:
    """The number of symbols by a System V hash table; raises FormatError."""
    letter = "Q" if (header.bits, header.machine) in _WIDE_HASH else "I"
    try:
        return int(struct.Struct(f"{header.order}2{letter}").unpack_from(table)[1])
    except struct.error as cause:
        raise FormatError("a hash table without its head") from cause


def parse_symbols(table: memoryview, header: ElfHeader) -> SymbolTable:
    """The table's columns.

    A library of 137,000 symbols has some dozen kinds of them, so each kind is judged once, and symbols are picked
    without a line of Python for each.
    """
    names, kinds = _columns(table, header)
    judged = {kind: _judge(kind, header.order) for kind in set(kinds)}
    return SymbolTable(names, bytes(map(judged.__getitem__, kinds)))


def read_undefined(
    symbols: SymbolTable, strings: bytes, *, numbers: Sequence[int] | None = None, versions: Mapping[int, str]
) -> UndefinedSymbols:
    """The undefined symbols; raises FormatError.

    `numbers` has each symbol's version number, where there are any, and `versions` what they stand for.
    """
    names, verdicts = symbols.names, symbols.verdicts
    undefined = [place for place in compress(range(len(names)), verdicts.translate(_PICK_UNDEFINED)) if names[place]]
    if len(undefined) > MAX_UNDEFINED:
        raise FormatError(f"{len(undefined):,} undefined symbols, expected {MAX_UNDEFINED:,} at most")
    found = chain.from_iterable(_iter_names(strings, [names[place] for place in undefined], MAX_UNDEFINED_BYTES))
    if numbers is None:
        numbers = bytes(len(names))
    alike = defaultdict[tuple[int, int], list[bytes]](list)
    for place, name in zip(undefined, found, strict=True):
        alike[numbers[place], verdicts[place]].append(name)
    groups = defaultdict[tuple[str, bool], set[bytes]](set)
    for (number, verdict), members in alike.items():
        groups[versions.get(number & ~HIDDEN, ""), verdict == _WEAK_UNDEFINED].update(members)
    return UndefinedSymbols(
        (version, is_weak, b"\0".join(sorted(members))) for (version, is_weak), members in sorted(groups.items())
    )


def read_exports(symbols: SymbolTable, strings: bytes, hashes: GnuHashTable | None = None) -> bytes:
    """The packed hashes of exported names, out of the object's own table where that tells them; raises FormatError."""
    exported = symbols.verdicts.translate(_PICK_EXPORTED)
    packed = hashes.pick(exported) if hashes is not None else None
    if packed is not None:
        return packed
    batches = _iter_names(strings, list(compress(symbols.names, exported)), MAX_HASHED_BYTES)
    return hash_names(list(chain.from_iterable(batches)))


def parse_version_numbers(table: memoryview, header: ElfHeader) -> Sequence[int]:
    """The version number of each symbol."""
    return read_integers(table, header, "H")


def _columns(table: memoryview, header: ElfHeader) -> "tuple[array[int], array[int]]":
    """Of each symbol its name's place, and the word with its binding, visibility and section."""
    words, width = read_integers(table, header), SYMBOL_SIZES[header.bits] // 4
    return words[::width], words[_KIND_WORDS[header.bits] :: width]


@lru_cache(maxsize=1 << 12)
def _judge(kind: int, order: str) -> int:
    """What symbols are that have this binding, visibility and section."""
    info, other, section = _KINDS[order].unpack(_WORDS[order].pack(kind))
    if not section:
        return _WEAK_UNDEFINED if info >> 4 == _WEAK else _UNDEFINED
    return _EXPORT if info >> 4 in _EXPORTED and other & 3 in _VISIBLE else _INTERNAL


def _iter_names(strings: bytes, places: Sequence[int], limit: int) -> Iterator[list[bytes]]:
    """The names at these places, in batches; raises FormatError where one does not end, or where there is too much."""
    total, index = 0, strings.index
    for start in range(0, len(places), _SUMMED):
        try:
            names = [strings[at : index(b"\0", at, at + MAX_NAME)] for at in places[start : start + _SUMMED]]
        except ValueError as cause:
            raise FormatError("a symbol's name does not end in the string table") from cause
        total += sum(map(len, names))
        if total > limit:
            raise FormatError(f"names of more than {limit:,} bytes together")
        yield names
