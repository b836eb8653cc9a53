"""Dynamic symbols of an ELF file: how many there are, those that others must define, and those that it exports.

https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.symtab.html; for the GNU hash table, which tells their number
only by its last chain, https://flapenguin.me/elf-dt-gnu-hash.
"""

import sys
from array import array
from collections.abc import Iterator, Sequence
from itertools import chain, compress
from struct import Struct, error
from typing import Final
from zlib import crc32

from layerscope.errors import FormatError
from layerscope.formats.elf_header import ElfHeader
from layerscope.formats.elf_object import UndefinedSymbols
from layerscope.formats.elf_versions import HIDDEN

MAX_SYMBOLS: Final = 1_000_000
"""TensorFlow's largest library has half a million."""

MAX_UNDEFINED: Final = 200_000
"""Undefined symbols of one object, each of which is kept by name; PyTorch's largest has 30,000."""

MAX_NAME: Final = 1 << 16
"""Bytes of a symbol's name; mangled templates reach a few thousand."""

MAX_UNDEFINED_BYTES: Final = 16 << 20
MAX_EXPORTED_BYTES: Final = 256 << 20
"""Bytes of all names together; names may overlap, so that a table of a megabyte could tell of terabytes."""

SYMBOL_SIZES: Final = {32: 16, 64: 24}
_KIND_WORDS: Final = {32: 3, 64: 1}
_KINDS: Final = {order: Struct(f"{order}2BH") for order in "<>"}
_WORDS: Final = {order: Struct(f"{order}I") for order in "<>"}
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

_BATCH: Final = 256
"""Names that are added up before their sum is compared with its ceiling: 16 MiB of the longest."""


def count_by_hash(table: memoryview, header: ElfHeader) -> int:
    """The number of symbols by a System V hash table; raises FormatError."""
    letter = "Q" if (header.bits, header.machine) in _WIDE_HASH else "I"
    try:
        return int(Struct(f"{header.order}2{letter}").unpack_from(table)[1])
    except error as cause:
        raise FormatError("a hash table without its head") from cause


def count_by_gnu_hash(table: memoryview, header: ElfHeader) -> int | None:
    """The number of symbols by a GNU hash table; None where it is empty, which tells nothing. Raises FormatError."""
    try:
        buckets, first, bloom, _ = Struct(header.order + "4I").unpack_from(table)
    except error as cause:
        raise FormatError("a GNU hash table without its head") from cause
    start = 16 + bloom * header.word
    chains = start + 4 * buckets
    if chains > len(table):
        raise FormatError(f"{buckets:,} buckets in a GNU hash table of {len(table):,} bytes")
    last = max(_integers(table[start:chains], header), default=0)
    if last < max(first, 1):
        return None
    for number, link in enumerate(_integers(table[chains + 4 * (last - first) :], header), last):
        if link & 1:
            return number + 1
    raise FormatError("a chain without end in the GNU hash table")


def parse_symbols(
    table: memoryview,
    strings: bytes,
    header: ElfHeader,
    *,
    numbers: Sequence[int] | None = None,
    versions: dict[int, str],
) -> tuple[UndefinedSymbols, bytes]:
    """Undefined symbols, and the CRC-32 of exported names; raises FormatError.

    `numbers` has each symbol's version number, `versions` what they stand for. A library of 137,000 symbols has some
    dozen kinds of them, so each kind is judged once, and symbols are picked without a line of Python for each.
    """
    names, kinds = _columns(table, header)
    judged = {kind: _judge(kind, header) for kind in set(kinds)}
    verdicts = bytes(map(judged.__getitem__, kinds))
    exported = list(compress(names, verdicts.translate(_PICK_EXPORTED)))
    undefined = [place for place in compress(range(len(names)), verdicts.translate(_PICK_UNDEFINED)) if names[place]]
    if len(undefined) > MAX_UNDEFINED:
        raise FormatError(f"{len(undefined):,} undefined symbols, expected {MAX_UNDEFINED:,} at most")
    found = chain.from_iterable(_iter_names(strings, [names[place] for place in undefined], MAX_UNDEFINED_BYTES))
    groups: dict[tuple[str, bool], set[bytes]] = {}
    for place, name in zip(undefined, found, strict=True):
        version = versions.get(numbers[place] & ~HIDDEN, "") if numbers is not None else ""
        groups.setdefault((version, verdicts[place] == _WEAK_UNDEFINED), set()).add(name)
    packed = ((version, is_weak, b"\0".join(sorted(names))) for (version, is_weak), names in sorted(groups.items()))
    return UndefinedSymbols(packed), _hash_names(strings, exported)


def parse_version_numbers(table: memoryview, header: ElfHeader) -> Sequence[int]:
    """The version number of each symbol."""
    return _integers(table, header, "H")


def _columns(table: memoryview, header: ElfHeader) -> "tuple[array[int], array[int]]":
    """Of each symbol its name's place, and the word with its binding, visibility and section."""
    words, width = _integers(table, header), SYMBOL_SIZES[header.bits] // 4
    return words[::width], words[_KIND_WORDS[header.bits] :: width]


def _judge(kind: int, header: ElfHeader) -> int:
    """What symbols are that have this binding, visibility and section."""
    info, other, section = _KINDS[header.order].unpack(_WORDS[header.order].pack(kind))
    if not section:
        return _WEAK_UNDEFINED if info >> 4 == _WEAK else _UNDEFINED
    return _EXPORT if info >> 4 in _EXPORTED and other & 3 in _VISIBLE else _INTERNAL


def _hash_names(strings: bytes, places: Sequence[int]) -> bytes:
    checksums = list[int]()
    for names in _iter_names(strings, places, MAX_EXPORTED_BYTES):
        checksums += map(crc32, names)
    numbers = array("I", sorted(checksums))
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tobytes()


def _iter_names(strings: bytes, places: Sequence[int], limit: int) -> Iterator[list[bytes]]:
    """The names at these places, in batches; raises FormatError where one does not end, or where there is too much."""
    total, index = 0, strings.index
    for start in range(0, len(places), _BATCH):
        try:
            names = [strings[at : index(b"\0", at, at + MAX_NAME)] for at in places[start : start + _BATCH]]
        except ValueError as cause:
            raise FormatError("a symbol's name does not end in the string table") from cause
        total += sum(map(len, names))
        if total > limit:
            raise FormatError(f"names of more than {limit:,} bytes together")
        yield names


def _integers(table: memoryview, header: ElfHeader, typecode: str = "I") -> "array[int]":
    numbers = array(typecode)
    numbers.frombytes(table[: len(table) // numbers.itemsize * numbers.itemsize])
    if (header.order == "<") != (sys.byteorder == "little"):
        numbers.byteswap()
    return numbers
