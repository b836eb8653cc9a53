"""Tables that lie about themselves are refused, without a long search and without much memory."""

import struct
from array import array
from typing import Final

import pytest
from msgspec.structs import replace

from layerscope.errors import FormatError
from layerscope.formats.elf_content import ElfContent, read_text
from layerscope.formats.elf_dynamic import MAX_NEEDED, parse_dynamic
from layerscope.formats.elf_header import ElfHeader, parse_header
from layerscope.formats.elf_notes import Notes, merge_notes, parse_notes
from layerscope.formats.elf_reader import parse_elf
from layerscope.formats.elf_symbols import (
    MAX_HASHED_BYTES,
    MAX_NAME,
    MAX_UNDEFINED,
    count_by_hash,
    parse_symbols,
    read_exports,
    read_undefined,
)
from layerscope.formats.elf_versions import MAX_VERSIONS, parse_provided, parse_required
from layerscope.formats.gnu_hash import HASH_SIZE, parse_gnu_hash
from support.elf_writer import ElfPlan, write_elf

HEADER: Final = ElfHeader(64, "<", 3, 62, (64, 1), (0, 0), 0)
S390X: Final = replace(HEADER, order=">", machine=22)


def symbols(*rows: tuple[int, int, int]) -> memoryview:
    """A table of name, binding and section after the first symbol, which is none."""
    return memoryview(
        bytes(24) + b"".join(struct.pack("<IBBH16x", name, info, 0, section) for name, info, section in rows)
    )


def test_headers_of_odd_sizes_are_refused() -> None:
    """The tables could not be told apart from anything else."""
    content = bytearray(write_elf(ElfPlan()))
    for place in (54, 58):
        odd = content.copy()
        odd[place] += 1
        with pytest.raises(FormatError, match="headers of"):
            parse_header(bytes(odd))
    content[56:58] = b"\xff\xff"
    with pytest.raises(FormatError, match="65,535 program headers"):
        parse_header(bytes(content))


def test_too_many_needed_libraries_are_refused() -> None:
    """Each may be a long path."""
    content = struct.pack("<QQ", 1, 5) * (MAX_NEEDED + 1)
    with pytest.raises(FormatError, match="4,097 needed libraries"):
        parse_dynamic(memoryview(content), HEADER)


def test_a_hash_table_is_counted_in_its_width() -> None:
    """On s390x its entries have eight bytes."""
    assert count_by_hash(memoryview(struct.pack("<II", 1, 77)), HEADER) == 77
    assert count_by_hash(memoryview(struct.pack(">QQ", 1, 77)), S390X) == 77
    with pytest.raises(FormatError, match="without its head"):
        count_by_hash(memoryview(b"1234"), HEADER)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"1234", "without its head"),
        (struct.pack("<4I", 1 << 30, 1, 1, 0), "buckets in a GNU hash table of 16 bytes"),
        (struct.pack("<4IQ4I", 1, 1, 1, 0, 0, 1, 2, 4, 6), "a chain without end"),
        (struct.pack("<4IQ3I", 1, 5, 1, 0, 0, 1, 3, 3), "begins at symbol 1, expected 5"),
        (struct.pack("<4IQ4I", 2, 1, 1, 0, 0, 1, 1, 3, 5), "begins at symbol 1, expected 2"),
    ],
)
def test_a_gnu_hash_table_that_makes_no_sense_is_refused(content: bytes, message: str) -> None:
    """It has no head, more buckets than bytes, a chain that does not end, or chains that do not follow each other."""
    with pytest.raises(FormatError, match=message):
        parse_gnu_hash(memoryview(content), HEADER)


def test_versions_that_turn_in_circles_end() -> None:
    """A table may lead back to itself; the number of its entries has a ceiling."""
    strings = b"\0libc.so.6\0GLIBC_2.34\0"
    circle = struct.pack("<2H3I", 1, 0xFFFF, 1, 16, 0) + struct.pack("<I2H2I", 0, 0, 2, 11, 0)
    assert len(parse_required(memoryview(circle), strings, 1 << 30, HEADER).required) == 1
    again = struct.pack("<2H3I", 1, 0xFFFF, 1, 16, 0) + struct.pack("<I2H2I", 0, 0, 2, 11, 16)
    with pytest.raises(FormatError, match="beyond the 32 bytes"):
        parse_required(memoryview(again), strings, 1, HEADER)
    back = struct.pack("<2H3I", 1, 1, 1, 0, 0xFFFFFFFF)
    with pytest.raises(FormatError, match="beyond"):
        parse_required(memoryview(back), strings, 9, HEADER)
    with pytest.raises(FormatError, match="4,097 versions"):
        parse_provided(memoryview(b""), strings, MAX_VERSIONS + 1, HEADER)
    with pytest.raises(FormatError, match="beyond the 0 bytes"):
        parse_provided(memoryview(b""), strings, 1, HEADER)


@pytest.mark.parametrize("place", [6, 1 << 31])
def test_names_that_do_not_end_are_refused(place: int) -> None:
    """They begin in the last text, which lacks its end, or beyond all."""
    strings = b"\0name\0open"
    with pytest.raises(FormatError, match="does not end"):
        read_undefined(parse_symbols(symbols((place, 0x12, 0)), HEADER), strings, versions={})
    with pytest.raises(FormatError, match="does not end"):
        read_exports(parse_symbols(symbols((place, 0x12, 1)), HEADER), strings)


def test_names_that_overlap_have_a_ceiling() -> None:
    """A table of a few megabytes could tell of terabytes of names."""
    strings = bytes(1) + b"x" * (MAX_NAME - 1) + bytes(1)
    count = MAX_HASHED_BYTES // MAX_NAME + 2
    with pytest.raises(FormatError, match="names of more than"):
        read_exports(parse_symbols(symbols(*[(1, 0x12, 1)] * count), HEADER), strings)


def test_undefined_symbols_have_a_ceiling() -> None:
    """Each is kept by name."""
    with pytest.raises(FormatError, match="200,001 undefined symbols"):
        read_undefined(parse_symbols(symbols(*[(1, 0x12, 0)] * (MAX_UNDEFINED + 1)), HEADER), b"\0x\0", versions={})


def test_only_visible_symbols_are_exported() -> None:
    """Neither local nor hidden ones; weak and unique ones are."""
    rows = [(1, 0x02, 1), (1, 0x12, 1), (1, 0x22, 1), (1, 0xA1, 1)]
    table = bytearray(symbols(*rows, (1, 0x12, 1)))
    table[-24 + 5] = 2
    found = parse_symbols(memoryview(table), HEADER)
    assert len(read_undefined(found, b"\0x\0", versions={})) == 0
    assert len(read_exports(found, b"\0x\0")) == 3 * HASH_SIZE


def test_version_numbers_name_versions() -> None:
    """The bit that hides a version is no part of its number; numbers that nobody explains name none."""
    table = symbols((1, 0x12, 0), (3, 0x12, 0), (5, 0x22, 0))
    numbers = array("H", [0, 0x8002, 9, 1])
    found = parse_symbols(table, HEADER)
    undefined = read_undefined(found, b"\0a\0b\0c\0", numbers=numbers, versions={2: "V_2"})
    assert undefined.groups == (("", False, b"b"), ("", True, b"c"), ("V_2", False, b"a"))


def test_notes_end_where_they_are_not_well_formed() -> None:
    """What came before holds; bytes without end are not followed."""
    note = struct.pack("<III", 4, 2, 3) + b"GNU\0" + b"\xab\xcd\0\0"
    assert parse_notes(memoryview(note + b"\xff" * 12), 4, HEADER).build_id == "abcd"
    assert parse_notes(memoryview(note[:-4]), 4, HEADER) == Notes()
    assert merge_notes(Notes("aa", None, 1), Notes("bb", "3.2.0", 4)) == Notes("aa", "3.2.0", 5)


def test_texts_end_within_their_limit() -> None:
    """Names are as long as paths at most."""
    assert read_text(b"\0abc\0", 1) == "abc"
    for offset, limit in ((1, 2), (5, 9)):
        with pytest.raises(FormatError, match="no text of at most"):
            read_text(b"\0abc\0", offset, limit)


def test_kept_parts_are_joined() -> None:
    """As far as they follow one another."""
    content = ElfContent(30, [(0, memoryview(b"0123")), (4, memoryview(b"4567")), (20, memoryview(b"x"))])
    assert bytes(content.read(2, 4)) == b"2345"
    assert bytes(content.read_most(2, 40)) == b"234567"
    assert bytes(content.read_most(20, 40)) == b"x"
    for offset, size in ((6, 4), (10, 1), (29, 2)):
        with pytest.raises(FormatError):
            content.read(offset, size)
    with pytest.raises(FormatError, match="were not kept"):
        ElfContent(9, [(4, memoryview(b"4567"))]).read(0, 2)


def test_a_file_with_debugging_information_alone_has_no_dynamic_section() -> None:
    """Its headers still tell of one, but its bytes are not there: objcopy --only-keep-debug."""
    content = bytearray(write_elf(ElfPlan(soname="libx.so", needed=("liby.so",))))
    table = struct.unpack_from("<Q", content, 40)[0]
    kinds = [at for at in range(table, len(content), 64) if struct.unpack_from("<I", content, at + 4)[0] == 6]
    struct.pack_into("<I", content, kinds[0] + 4, 8)
    found = parse_elf(bytes(content))
    assert (found.is_dynamic, found.needed, found.problems) == (False, (), ())
