"""ld.so.cache is read as glibc reads it, and nothing else passes for one."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerscope.errors import FormatError
from layerscope.formats.ld_cache import CacheEntry, parse_ld_cache
from support.loader_files import write_ld_cache

ENTRIES = [
    ("libz.so.1", "/lib/x86_64-linux-gnu/libz.so.1", 0x0303, ""),
    ("libm.so.6", "/lib/glibc-hwcaps/x86-64-v3/libm.so.6", 0x0303, "x86-64-v3"),
    ("libm.so.6", "/lib/x86_64-linux-gnu/libm.so.6", 0x0303, ""),
]


@pytest.mark.parametrize("is_prefixed", [False, True], ids=["alone", "behind the old table"])
def test_reads_entries_in_their_order(*, is_prefixed: bool) -> None:
    """With the hwcaps subdirectory by its name, and offsets counted from the newer table."""
    found = parse_ld_cache(write_ld_cache(ENTRIES, is_prefixed=is_prefixed))
    assert found == tuple(CacheEntry(*entry) for entry in ENTRIES)


def test_marks_entries_of_legacy_subdirectories() -> None:
    """Loaders of today do not take them."""
    (entry,) = parse_ld_cache(write_ld_cache(ENTRIES[:1], legacy=[ENTRIES[0][1]]))
    assert entry.has_legacy_hwcaps


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "begins neither"),
        (b"ld.so-1.7.0\0\0\0\0\0" + bytes(40), "only a table in the format of glibc 2.1"),
        (b"glibc-ld.so.cache1.1", "ends inside the header"),
        (b"glibc-ld.so.cache1.1" + b"\xff\xff\0\0" + bytes(24), "do not fit"),
        (b"glibc-ld.so.cache1.1" + b"\xff" * 28, "limit 200,000"),
        (write_ld_cache(ENTRIES)[:150], "beyond the end"),
    ],
)
def test_refuses_anything_else(content: bytes, why: str) -> None:
    """The message says what was expected."""
    with pytest.raises(FormatError, match=why):
        parse_ld_cache(content)


def test_refuses_texts_that_repeat_without_end() -> None:
    """Many entries for one long text would fill memory."""
    entries = [("lib" + "x" * 4000, "/lib/x", 0x0303, "")]
    content = bytearray(write_ld_cache(entries))
    many = 2000
    row = bytes(content[48:72])
    key = int.from_bytes(row[4:8], "little") + 24 * (many - 1)
    row = row[:4] + key.to_bytes(4, "little") + key.to_bytes(4, "little") + row[12:]
    content[20:24] = many.to_bytes(4, "little")
    content[32:36] = bytes(4)
    with pytest.raises(FormatError, match="over and over"):
        parse_ld_cache(bytes(content[:48]) + row * many + bytes(content[72:]))


@given(st.binary(max_size=300), st.integers(0, 200), st.binary(min_size=1, max_size=4))
def test_reads_or_refuses_any_bytes(tail: bytes, at: int, change: bytes) -> None:
    """Whatever is changed in a cache, nothing but FormatError comes of it."""
    content = bytearray(write_ld_cache(ENTRIES) + tail)
    content[at : at + len(change)] = change
    for each in (bytes(content), b"glibc-ld.so.cache1.1" + tail):
        try:
            assert isinstance(parse_ld_cache(each), tuple)
        except FormatError:
            continue


@pytest.mark.skipif(not Path("/etc/ld.so.cache").exists(), reason="this host has no ld.so.cache")
def test_reads_this_host() -> None:
    """Every path in the host's own cache is absolute and ends with the name or a link's."""
    entries = parse_ld_cache(Path("/etc/ld.so.cache").read_bytes())
    assert entries
    assert all(entry.path.startswith("/") and entry.path.endswith(entry.name) for entry in entries)
