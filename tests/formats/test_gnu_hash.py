"""The GNU hash table tells what a library exports as the loader looks it up."""

import struct
from collections.abc import Sequence
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerscope.errors import FormatError
from layerscope.formats.elf_header import ElfHeader
from layerscope.formats.elf_reader import parse_elf
from layerscope.formats.gnu_hash import hash_names, pack_hashes, parse_gnu_hash, unpack_hashes
from support.elf_tables import hash_name
from support.elf_writer import ElfPlan, HashTables, write_elf

HEADER: Final = ElfHeader(64, "<", 3, 62, (64, 1), (0, 0), 0)
ONE_CHAIN: Final = struct.pack("<4IQ4I", 1, 1, 1, 0, 0, 1, 10, 20, 31)
"""One bucket, whose chain begins with symbol 1 and has three."""


@pytest.mark.parametrize(
    ("name", "value"),
    [(b"", 0x1505), (b"printf", 0x156B2BB8), (b"exit", 0x7C967E3F), (b"syscall", 0xBAC212A0)],
)
def test_known_hashes(name: bytes, value: int) -> None:
    """Those that https://flapenguin.me/elf-dt-gnu-hash gives."""
    assert unpack_hashes(hash_names([name])) == (value & ~1,)


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=90), max_size=30))
def test_names_are_hashed_side_by_side_as_one_by_one(names: Sequence[str]) -> None:
    """Whatever their lengths and their order."""
    packed = hash_names([name.encode() for name in names])
    assert unpack_hashes(packed) == tuple(hash_name(name) & ~1 for name in names)


def test_more_names_than_are_hashed_at_once() -> None:
    """Every batch has its own width."""
    names = [f"{'n' * (number % 7)}{number}" for number in range(1500)]
    assert unpack_hashes(hash_names([name.encode() for name in names])) == tuple(hash_name(n) & ~1 for n in names)


def test_a_table_gives_the_hashes_of_chosen_symbols() -> None:
    """The number of the symbol counts from the table's first one; the lowest bit only ends a chain."""
    table = parse_gnu_hash(memoryview(ONE_CHAIN), HEADER)
    assert (table.first, table.count) == (1, 4)
    assert table.pick(bytes([1, 1, 0, 1])) == pack_hashes([10, 30])
    assert table.pick(bytes([1, 0, 0, 0])) == b""


def test_a_table_that_has_fewer_symbols_than_the_object_is_refused() -> None:
    """Else what the object exports would pass for missing."""
    with pytest.raises(FormatError, match="of 3 symbols, expected 4"):
        parse_gnu_hash(memoryview(ONE_CHAIN), HEADER).pick(bytes(5))


def test_an_empty_table_exports_nothing() -> None:
    """Linkers write one for a program; its first symbol is of no meaning."""
    table = parse_gnu_hash(memoryview(struct.pack("<4IQI", 1, 1, 1, 0, 0, 0)), HEADER)
    assert (table.count, table.pick(bytes([0, 0, 0, 0]))) == (None, b"")


def test_both_hash_tables_tell_the_same_exports() -> None:
    """Without a GNU hash table the names themselves are hashed."""
    names = tuple(f"symbol{number}" for number in range(600))
    found = [parse_elf(write_elf(ElfPlan(exports=names, hash_tables=kind))).exports for kind in HashTables]
    expected = sorted(unpack_hashes(hash_names([name.encode() for name in names])))
    assert [sorted(unpack_hashes(exports)) for exports in found] == [expected] * len(found)
