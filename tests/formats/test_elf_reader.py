"""ELF objects say what they were written to say, in every form; what is damaged becomes a problem or a FormatError."""

import random
import sys
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from layerscope.errors import FormatError
from layerscope.formats.elf_content import ElfContent
from layerscope.formats.elf_object import ElfObject, NeededVersion, UndefinedSymbol, UndefinedSymbols
from layerscope.formats.elf_reader import parse_elf, read_elf
from layerscope.formats.gnu_hash import hash_names, unpack_hashes
from support.elf_writer import AARCH64, EXECUTABLE, ElfPlan, HashTables, Layout, write_elf

PLAN: Final = ElfPlan(
    interpreter="/lib64/ld-linux-x86-64.so.2",
    soname="libgenerate.so.1",
    needed=("libc.so.6", "libm.so.6"),
    rpath="/opt/lib",
    runpath="$ORIGIN/../lib:/opt/lib",
    flags=8,
    flags_1=0x8000001,
    required_versions=(
        NeededVersion("libc.so.6", "GLIBC_2.34"),
        NeededVersion("libc.so.6", "GLIBC_ABI_DT_RELR", is_weak=True),
        NeededVersion("libm.so.6", "GLIBC_2.29"),
    ),
    provided_versions=("GEN_1.0", "GEN_2.0"),
    undefined=(
        UndefinedSymbol("malloc", "GLIBC_2.34"),
        UndefinedSymbol("exp", "GLIBC_2.29"),
        UndefinedSymbol("_ITM_registerTMCloneTable", is_weak=True),
        UndefinedSymbol("free", "GLIBC_2.34"),
    ),
    exports=("generate", "tokenize", "load", "caf\udce9"),
    isa_needed=4,
    minimum_kernel="3.2.0",
    build_id="00ff" * 10,
    has_relr=True,
    forward_compatibility='{"CUDA Version": "13.1", "Driver": [535, 550]}',
    sections={".nv_fatbin": b"P" * 40},
)
FORMS: Final = [(bits, is_little) for bits in (32, 64) for is_little in (True, False)]


def pack(*names: str) -> bytes:
    """Exports as an object holds them."""
    return hash_names([name.encode(errors="surrogateescape") for name in names])


@pytest.mark.parametrize("layout", Layout)
@pytest.mark.parametrize("hash_tables", HashTables)
@pytest.mark.parametrize(("bits", "is_little_endian"), FORMS)
def test_everything_that_was_written_is_read(
    bits: int, is_little_endian: bool, hash_tables: HashTables, layout: Layout
) -> None:
    """Whatever the class, the byte order, the tables that count symbols, and where they lie."""
    plan = replace(PLAN, bits=bits, is_little_endian=is_little_endian, hash_tables=hash_tables, layout=layout)
    found = parse_elf(write_elf(plan))
    assert found.problems == ()
    assert (found.bits, found.is_little_endian, found.machine, found.type) == (bits, is_little_endian, 62, 3)
    for name in ("interpreter", "soname", "needed", "rpath", "runpath", "flags", "flags_1", "required_versions",
                 "provided_versions", "stack_flags", "isa_needed", "minimum_kernel", "build_id", "has_relr",
                 "forward_compatibility"):  # fmt: skip
        assert getattr(found, name) == getattr(plan, name), name
    assert set(found.undefined) == set(plan.undefined)
    assert sorted(unpack_hashes(found.exports)) == sorted(unpack_hashes(pack(*plan.exports)))
    assert (found.is_dynamic, found.missing, found.is_executable) == (True, 0, True)


def test_what_says_nothing_has_nothing() -> None:
    """A static program has no dynamic section, and one without a stack header none either."""
    found = parse_elf(write_elf(ElfPlan(type=EXECUTABLE, machine=AARCH64, is_dynamic=False, stack_flags=None)))
    assert found == ElfObject(64, True, AARCH64, EXECUTABLE, undefined=found.undefined)
    assert len(found.undefined) == 0
    assert found.is_executable


def test_symbols_without_exports_are_counted() -> None:
    """GNU ld writes a hash table that tells nothing then; without section headers the string table tells."""
    plan = ElfPlan(undefined=(UndefinedSymbol("malloc"), UndefinedSymbol("free")), has_section_table=False)
    assert [symbol.name for symbol in parse_elf(write_elf(plan)).undefined] == ["free", "malloc"]


def test_undefined_symbols_are_a_sequence() -> None:
    """They are packed, and give themselves one by one, sorted by version, weakness and name."""
    found = parse_elf(write_elf(PLAN)).undefined
    assert [symbol.name for symbol in found] == ["_ITM_registerTMCloneTable", "exp", "free", "malloc"]
    assert (len(found), found[1], found[2:3]) == (
        4,
        UndefinedSymbol("exp", "GLIBC_2.29"),
        (UndefinedSymbol("free", "GLIBC_2.34"),),
    )
    assert found == parse_elf(write_elf(PLAN)).undefined
    assert hash(found) == hash(parse_elf(write_elf(PLAN)).undefined)
    assert "malloc" in repr(found)


def test_sections_are_told_with_their_places() -> None:
    """Whoever finds something in the file can name the section that it lies in."""
    content = write_elf(PLAN)
    sections = {name: content[at : at + size] for name, at, size in read_elf(whole(content)).place_sections()}
    assert sections[".nv_fatbin"] == b"P" * 40
    assert sections[".interp"] == b"/lib64/ld-linux-x86-64.so.2\0"


def whole(content: bytes) -> ElfContent:
    """All of a file."""
    return ElfContent(len(content), [(0, memoryview(content))])


@pytest.mark.parametrize(
    "content",
    [b"", b"\x7fELF", b"\x7fELG" + bytes(60), b"\x7fELF\x03\x01" + bytes(58), b"\x7fELF\x02\x03" + bytes(58)],
)
def test_what_is_no_object_is_refused(content: bytes) -> None:
    """Too short, another magic, an unknown class, an unknown byte order."""
    with pytest.raises(FormatError, match="ELF header"):
        parse_elf(content)


def test_a_cut_file_is_known_by_its_section_headers() -> None:
    """They come last; what lies before the cut is read."""
    content = write_elf(replace(PLAN, code=bytes(500)))
    found = parse_elf(content[:-10])
    assert (found.missing, found.missing_loaded, found.is_truncated) == (10, 0, True)
    assert found.needed == PLAN.needed


def test_a_file_cut_in_what_is_loaded_says_how_much() -> None:
    """Without section headers the segments alone tell."""
    content = write_elf(replace(PLAN, has_section_table=False))
    found = parse_elf(content[:-100])
    assert (found.missing, found.missing_loaded) == (100, 100)
    assert any("dynamic section" in problem for problem in found.problems)


def test_bytes_that_were_not_kept_are_a_problem() -> None:
    """What a stream let go is not taken for absent."""
    content = write_elf(PLAN)
    kept = [(0, memoryview(content)[:1000]), (len(content) - 1500, memoryview(content)[-1500:])]
    found = read_elf(ElfContent(len(content) + 10_000, kept)).object
    assert any("were not kept" in problem for problem in found.problems)


@pytest.mark.parametrize("path", [sys.executable, "/lib/x86_64-linux-gnu/libc.so.6"])
def test_objects_of_this_host(path: str) -> None:
    """Python needs the C library; the C library provides its versions; both end where they should."""
    real = Path(path).resolve()
    if not real.exists() or real.read_bytes()[:4] != b"\x7fELF":
        pytest.skip(f"{path} is no ELF file here")
    found = parse_elf(real.read_bytes())
    assert (found.problems, found.missing, found.is_dynamic) == ((), 0, True)
    if "libc.so" in path:
        assert "GLIBC_2.17" in found.provided_versions
        assert {*unpack_hashes(pack("malloc"))} < {*unpack_hashes(found.exports)}
    else:
        assert any(name.startswith("libc.") for name in found.needed)
        assert "__libc_start_main" in {symbol.name for symbol in found.undefined}


def test_altered_bytes_never_crash() -> None:
    """Whatever the bytes are, the only error is FormatError."""
    numbers = random.Random(20)
    contents = [write_elf(replace(PLAN, bits=bits, is_little_endian=little)) for bits, little in FORMS]
    for _ in range(1500):
        content = bytearray(numbers.choice(contents))
        for _ in range(numbers.randrange(1, 6)):
            content[numbers.randrange(len(content))] = numbers.choice((0, 1, 127, 255, numbers.randrange(256)))
        try:
            parse_elf(bytes(content[: numbers.choice((len(content), numbers.randrange(len(content)))) or 1]))
        except FormatError:
            continue


def test_strong_names_are_those_that_have_to_be_defined() -> None:
    """As they stand in the file."""
    symbols = UndefinedSymbols((("", False, b"malloc\0free"), ("V_1", True, b"hook"), ("V_1", False, b"pow")))
    assert symbols.strong_names == [b"malloc", b"free", b"pow"]
