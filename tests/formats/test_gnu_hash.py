"""The GNU hash table tells what a library exports as the loader looks it up."""

import struct
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerscope.errors import FormatError
from layerscope.formats import gnu_hash
from layerscope.formats.elf_header import ElfHeader
from layerscope.formats.elf_object import UndefinedSymbol
from layerscope.formats.elf_reader import parse_elf
from layerscope.formats.gnu_hash import hash_names, pack_hashes, parse_gnu_hash, unpack_hashes
from support.elf_tables import hash_name
from support.elf_writer import ElfPlan, HashTables, write_elf

HEADER: Final = ElfHeader(64, "<", 3, 62, (64, 1), (0, 0), 0)
TWO_CHAINS: Final = struct.pack("<4IQ5I", 2, 1, 1, 0, 0, 1, 3, 10, 21, 31)
"""Two buckets: the chain of the first has the symbols 1 and 2, that of the second symbol 3."""


@pytest.mark.parametrize(
    ("name", "value"),
    [(b"", 0x1505), (b"printf", 0x156B2BB8), (b"exit", 0x7C967E3F), (b"syscall", 0xBAC212A0)],
)
def test_known_hashes(name: bytes, value: int) -> None:
    """Those that https://flapenguin.me/elf-dt-gnu-hash gives."""
    assert unpack_hashes(hash_names([name])) == (value,)


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=90), max_size=30))
def test_names_are_hashed_side_by_side_as_one_by_one(names: Sequence[str]) -> None:
    """Whatever their lengths and their order."""
    packed = hash_names([name.encode() for name in names])
    assert unpack_hashes(packed) == tuple(hash_name(name) for name in names)


def test_more_names_than_are_hashed_at_once() -> None:
    """Every batch has its own width."""
    names = [f"{'n' * (number % 7)}{number}" for number in range(1500)]
    assert unpack_hashes(hash_names([name.encode() for name in names])) == tuple(hash_name(n) for n in names)


def test_a_table_gives_the_hashes_of_chosen_symbols() -> None:
    """By their numbers, which count from the table's first one; the lowest bit is that of the bucket."""
    table = parse_gnu_hash(memoryview(TWO_CHAINS), HEADER)
    assert (table.first, table.count) == (1, 4)
    assert table.pick(bytes([1, 1, 1, 1])) == pack_hashes([10, 20, 31])
    assert table.pick(bytes([1, 0, 0, 1])) == pack_hashes([31])
    assert table.pick(bytes([1, 0, 0, 0])) == b""


def test_a_table_of_one_bucket_does_not_tell_the_lowest_bit() -> None:
    """So the names have to be hashed."""
    table = parse_gnu_hash(memoryview(struct.pack("<4IQ2I", 1, 1, 1, 0, 0, 1, 11)), HEADER)
    assert (table.count, table.pick(bytes([0, 1]))) == (2, None)


def test_names_that_differ_in_their_last_letter_are_told_apart() -> None:
    """As functions of two versions of a library do."""
    found = parse_elf(write_elf(ElfPlan(exports=("cublasCreate_v2", "cublasDestroy_v2", "cublasSetStream_v2", "x"))))
    exports = unpack_hashes(found.exports)
    assert hash_name("cublasCreate_v2") in exports
    assert hash_name("cublasCreate_v3") not in exports


def test_a_table_that_has_fewer_symbols_than_the_object_is_refused() -> None:
    """Else what the object exports would pass for missing."""
    with pytest.raises(FormatError, match="of 4 symbols, expected 5"):
        parse_gnu_hash(memoryview(TWO_CHAINS), HEADER).pick(bytes(5))


def test_a_damaged_table_costs_no_symbols() -> None:
    """The names are hashed, and the damage is a problem of the object."""
    plan = ElfPlan(exports=("first", "second", "third", "fourth"), hash_tables=HashTables.BOTH)
    content = bytearray(write_elf(replace(plan, undefined=(UndefinedSymbol("needed"),))))
    head = struct.pack("<4I", 2, 2, 1, 6)  # two buckets, symbols from number 2 on
    place = content.index(head)
    content[place : place + 16] = struct.pack("<4I", 2, 4, 1, 6)
    found = parse_elf(bytes(content))
    assert {*unpack_hashes(found.exports)} == {*map(hash_name, plan.exports)}
    assert [each.name for each in found.undefined] == ["needed"]
    assert any("GNU hash table" in problem for problem in found.problems)


def test_one_long_name_does_not_make_all_names_long() -> None:
    """Names are filled up to the length of their like alone."""
    names = [b"x" * 60_000, *(b"%d" % number for number in range(600))]
    widest: list[int] = []

    def note(batch: list[bytes]) -> list[int]:
        widest.append(len(batch) * max(map(len, batch)))
        return [0] * len(batch)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gnu_hash, "_hash_beside", note)
        hash_names(names)
    assert sum(widest) < 2 * sum(map(len, names))


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


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (struct.pack("<5I", 1, 3, 10, 20, 30), "a chain without end"),
        (struct.pack("<5I", 1, 3, 11, 21, 31), "begins at symbol 3, expected 2"),
        (struct.pack("<5I", 1, 3, 10, 20, 31), "begins at symbol 3, expected 4"),
        (struct.pack("<5I", 1, 1, 11, 20, 31), "begins at symbol 1, expected 2"),
        (struct.pack("<5I", 2, 3, 11, 21, 31), "begins at symbol 2, expected 1"),
    ],
)
def test_chains_that_contradict_their_buckets_are_refused(words: bytes, problem: str) -> None:
    """Each begins where the one before ends, the first with the first symbol."""
    with pytest.raises(FormatError, match=problem):
        parse_gnu_hash(memoryview(struct.pack("<4IQ", 2, 1, 1, 0, 0) + words), HEADER)
