"""What is kept of an object as it passes is what reading the whole file gives, however it is cut into pieces."""

import random
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerscope.facts.elf.kept_ranges import CEILING, KeptRanges, merge_ranges
from layerscope.facts.elf.object_extractor import ElfObjectExtractor
from layerscope.facts.elf.object_record import pack_object, unpack_object
from layerscope.facts.elf.object_stream import SMALL_SEGMENT, ObjectStream
from layerscope.formats.elf_object import NeededVersion, UndefinedSymbol
from layerscope.formats.elf_reader import parse_elf, read_elf
from support.elf_writer import ElfPlan, HashTables, Layout, write_elf
from support.fatbinary_writer import sass, write_container

PLAN: Final = ElfPlan(
    soname="libgenerate.so.1",
    needed=("libc.so.6",),
    runpath="$ORIGIN",
    required_versions=(NeededVersion("libc.so.6", "GLIBC_2.34"),),
    provided_versions=("GEN_1.0",),
    undefined=(UndefinedSymbol("malloc", "GLIBC_2.34"), UndefinedSymbol("hook", is_weak=True)),
    exports=("generate", "tokenize"),
    build_id="aa" * 20,
    minimum_kernel="3.2.0",
    isa_needed=2,
    code=bytes(3000),
)
MODULE: Final = "usr/lib/python3/dist-packages/generate.cpython-311-x86_64-linux-gnu.so"


def read(path: str, pieces: Iterable[bytes], size: int) -> dict[str, Any]:
    """What the extractor keeps of a file that comes in these pieces."""
    reading = ElfObjectExtractor().open_file(path, size=size, mode=0o644)
    for piece in pieces:
        reading.feed(memoryview(piece))
    return cast("dict[str, Any]", reading.finish())


def cut(content: bytes, places: Iterable[int]) -> list[bytes]:
    """The content in pieces, none of them empty."""
    ends = sorted({place for place in places if 0 < place < len(content)})
    return [content[start:end] for start, end in zip([0, *ends], [*ends, len(content)], strict=True)]


@given(
    layout=st.sampled_from(Layout),
    hash_tables=st.sampled_from(HashTables),
    bits=st.sampled_from([32, 64]),
    is_little_endian=st.booleans(),
    has_section_table=st.booleans(),
    places=st.lists(st.integers(1, 7000), max_size=12),
)
def test_any_pieces_give_what_the_whole_gives(
    layout: Layout,
    hash_tables: HashTables,
    bits: int,
    places: list[int],
    *,
    is_little_endian: bool,
    has_section_table: bool,
) -> None:
    """Neither the class, nor the byte order, nor the place of tables, nor the borders of pieces matter."""
    plan = replace(
        PLAN,
        layout=layout,
        hash_tables=hash_tables,
        bits=bits,
        is_little_endian=is_little_endian,
        has_section_table=has_section_table,
    )
    content = write_elf(plan)
    found = unpack_object(read("lib/x", cut(content, places), len(content))["elf"])
    assert found == parse_elf(content)
    assert found.problems == ()


def test_single_bytes_give_what_the_whole_gives() -> None:
    """The smallest pieces there are."""
    content = write_elf(PLAN)
    assert unpack_object(read("lib/x", cut(content, range(len(content))), len(content))["elf"]) == parse_elf(content)


def test_altered_files_in_pieces_give_what_they_give_whole() -> None:
    """What cannot be read is a problem in both, and nothing is ever raised."""
    numbers = random.Random(21)
    whole = write_elf(PLAN)
    for _ in range(400):
        content = bytearray(whole)
        for _ in range(numbers.randrange(1, 4)):
            content[numbers.randrange(4, len(content))] = numbers.choice((0, 1, 255, numbers.randrange(256)))
        pieces = cut(bytes(content), [numbers.randrange(1, len(content)) for _ in range(3)])
        kept = read("lib/x", pieces, len(content))
        if "problem" in kept or kept["elf"].get("problems"):
            continue
        assert unpack_object(kept["elf"]) == parse_elf(bytes(content))


def test_a_file_that_is_no_object_says_why() -> None:
    """The first bytes promise one."""
    assert read("lib/x", [b"\x7fELF", b"\x09"], 5) == {"problem": "no ELF header in the first 5 bytes"}


def test_plain_values_are_an_object_again() -> None:
    """What is as usual takes no space."""
    found = parse_elf(write_elf(PLAN))
    assert unpack_object(pack_object(found)) == found
    assert "rpath" not in pack_object(found)


def test_device_code_is_told_with_its_section() -> None:
    """Though sections are named at the end of the file."""
    code = write_container([sass(90)])
    content = write_elf(replace(PLAN, sections={".nv_fatbin": code}))
    for pieces in ([content], cut(content, range(0, len(content), 700))):
        (group,) = read("lib/x", pieces, len(content))["code"]["groups"]
        assert (group["section"], group["count"]) == (".nv_fatbin", 1)


@pytest.mark.parametrize(
    ("words", "marks"),
    [
        (b"_ARRAY_API numpy.core.multiarray", 3),
        (b"_ARRAY_API numpy._core numpy.core", 7),
        (b"_ARRAY_API", 1),
    ],
)
def test_words_of_numpy_are_found_across_borders(words: bytes, marks: int) -> None:
    """In whatever pieces an extension module comes."""
    content = write_elf(replace(PLAN, sections={".data": words}))
    at = content.index(words)
    for places in ([], [at + 3], [at + 5, at + 14], range(at, at + len(words))):
        assert read(MODULE, cut(content, places), len(content))["numpy"] == marks


def test_other_files_are_not_searched_for_words_of_numpy() -> None:
    """Libraries outside of Python's packages, and modules without the words."""
    content = write_elf(replace(PLAN, sections={".data": b"_ARRAY_API numpy.core"}))
    assert "numpy" not in read("usr/lib/libnumbers.so", [content], len(content))
    assert "numpy" not in read(MODULE, [write_elf(PLAN)], len(write_elf(PLAN)))


def test_little_is_kept_of_a_large_file() -> None:
    """Code goes by; what was kept in case tables lie in it is let go when they are known."""
    for layout in Layout:
        content = write_elf(replace(PLAN, code=bytes(8 << 20), layout=layout))
        stream = ObjectStream(len(content))
        for piece in cut(content, range(0, len(content), 1 << 18)):
            stream.feed(memoryview(piece))
        kept = sum(len(part) for _, part in stream.content()._parts)
        assert kept < 1 << 18
        assert read_elf(stream.content()).object == parse_elf(content)
    assert SMALL_SEGMENT > 8 << 20


def test_ranges_stay_below_the_ceiling() -> None:
    """The first ones go first; those that meet become one."""
    assert merge_ranges([(10, 20), (0, 10), (5, 5), (30, 40)]) == [(0, 20), (30, 40)]
    assert merge_ranges([(CEILING, 2 * CEILING - 1), (0, 5), (7, 9)]) == [(0, 1), (CEILING, 2 * CEILING - 1)]


def test_small_parts_of_large_pieces_are_copied() -> None:
    """A view of a few bytes would keep the whole piece in memory."""
    kept = KeptRanges([(2, 4), (100, 190)])
    kept.feed(memoryview(bytes(range(100))))
    kept.feed(memoryview(bytes(100)))
    (first, small), (second, large) = kept.content(200)._parts
    assert (first, bytes(small), len(cast("bytes", small.obj))) == (2, b"\x02\x03", 2)
    assert (second, len(large), len(cast("bytes", large.obj))) == (100, 90, 100)


def test_the_note_of_a_driver_library_is_kept() -> None:
    """It need not be loaded, and then lies among what is not."""
    content = write_elf(replace(PLAN, forward_compatibility='{"Driver": [535]}', code=bytes(200_000)))
    kept = read("usr/local/cuda/compat/libcuda.so.1", cut(content, range(0, len(content), 5000)), len(content))
    assert kept["elf"]["forward_compatibility"] == '{"Driver": [535]}'
