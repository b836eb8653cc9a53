"""rpm's three databases give the same packages; damage is told, not followed."""

import struct
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerscope.errors import FormatError
from layerscope.formats import rpm_database
from layerscope.formats.rpm_database import parse_rpm_database
from layerscope.formats.rpm_sqlite import COLUMNS_LIMIT, _Database
from support.rpm_databases import package, write_bdb, write_ndb, write_sqlite

BLOBS = [
    package("bash", files=["/usr/bin/bash"]),
    package("glibc", "2.34", files=[f"/usr/lib64/{'x' * 40}-{n}" for n in range(90)]),
]

Writer = Callable[[list[bytes], Path], bytes]

WRITERS: dict[str, Writer] = {
    "sqlite": write_sqlite,
    "ndb": lambda blobs, _: write_ndb(blobs),
    "bdb": lambda blobs, _: write_bdb(blobs),
    "bdb-swapped": lambda blobs, _: write_bdb(blobs, order=">"),
}


@pytest.mark.parametrize("kind", WRITERS)
def test_reads_every_backend(kind: str, tmp_path: Path) -> None:
    """Small values lie in a page, large ones on pages of their own."""
    database = parse_rpm_database(WRITERS[kind](BLOBS, tmp_path))
    assert [(each.name, each.full_version) for each in database.packages] == [("bash", "1.0-1"), ("glibc", "2.34-1")]
    assert len(database.packages[1].files) == 90
    assert database.packages[1].files[89].path == f"usr/lib64/{'x' * 40}-89"
    assert (database.unread, database.problem) == (0, "")


def test_reads_a_table_of_many_pages(tmp_path: Path) -> None:
    """The table's own tree has inner pages then."""
    blobs = [package(f"package-{number:04}") for number in range(1500)]
    names = [each.name for each in parse_rpm_database(write_sqlite(blobs, tmp_path)).packages]
    assert names == [f"package-{number:04}" for number in range(1500)]


@pytest.mark.parametrize("kind", WRITERS)
def test_a_header_that_does_not_parse_is_counted(kind: str, tmp_path: Path) -> None:
    """The others are read."""
    database = parse_rpm_database(WRITERS[kind]([BLOBS[0], b"\0" * 200, BLOBS[1]], tmp_path))
    assert [each.name for each in database.packages] == ["bash", "glibc"]
    assert (database.unread, database.problem) == (1, "reading an rpm header: it has no name")


def test_what_is_no_database_is_refused(tmp_path: Path) -> None:
    """So is one of another program."""
    for content in (b"", b"text", b"RpmP", b"SQLite format 3\0", b"\0" * 12 + b"\x61\x15\x06\0"):
        with pytest.raises(FormatError):
            parse_rpm_database(content)
    with pytest.raises(FormatError, match="no table Packages"):
        parse_rpm_database(write_sqlite([], tmp_path).replace(b"Packages", b"Packagez"))


def test_pages_that_lead_in_a_circle_are_left() -> None:
    """An overflow page that follows itself would never end."""
    content = bytearray(write_bdb([BLOBS[1]]))
    for page in range(2, len(content) // 512):
        content[page * 512 + 16 : page * 512 + 20] = page.to_bytes(4, "little")
    assert len(parse_rpm_database(bytes(content)).packages) <= 1


def test_all_paths_together_have_a_ceiling(monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes after it is not read."""
    monkeypatch.setattr(rpm_database, "PATHS_SIZE_LIMIT", 1000)
    database = parse_rpm_database(write_ndb([BLOBS[1], BLOBS[0]]))
    assert [each.name for each in database.packages] == ["glibc"]
    assert "pass 1,000 characters" in database.problem


def test_a_chain_that_gives_a_byte_a_page_ends() -> None:
    """A page that follows itself with one byte in use once was read as often as the file has bytes."""
    content = bytearray(write_bdb([BLOBS[1]]) + bytes(32 << 20))
    for page in range(2, 20):
        content[page * 512 + 16 : page * 512 + 24] = page.to_bytes(4, "little") + b"\0\0\1\0"
    place = content.index(b"\3\0\0\0\2\0\0\0", 512)
    content[place + 8 : place + 12] = (30 << 20).to_bytes(4, "little")
    began = time.monotonic()
    with pytest.raises(FormatError, match="read twice"):
        parse_rpm_database(bytes(content))
    assert time.monotonic() - began < 2


def test_values_that_share_their_bytes_end() -> None:
    """Thousands of items of one page may each claim all of it."""
    head = write_bdb([], page_size=65536)[:65536]
    places = struct.pack("<2H", 65535, 16384) * 4000
    page = (struct.pack("<8sIIIHHBB", b"", 1, 0, 0, 8000, 0, 0, 13) + places).ljust(16384, b"\0") + b"\1"
    with pytest.raises(FormatError, match="larger than the file"):
        parse_rpm_database(head + page.ljust(65536, b"\1"))


def test_a_record_of_columns_without_end_is_cut(tmp_path: Path) -> None:
    """SQLite itself has 2,000 at most; each byte of a record may tell of one."""
    database = parse_rpm_database(write_sqlite([BLOBS[0]], tmp_path))
    rows = list(_Database(write_sqlite([BLOBS[0]], tmp_path)).iter_rows(1))
    columns = _Database(write_sqlite([], tmp_path))._read_columns(b"\x83\x80\x00" + bytes(50_000))
    assert (len(database.packages), len(rows) > 1, len(columns)) == (1, True, COLUMNS_LIMIT)


def test_headers_that_do_not_parse_count_towards_the_ceiling(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their size, several times over: much of them was read."""
    monkeypatch.setattr(rpm_database, "PATHS_SIZE_LIMIT", 1000)
    database = parse_rpm_database(write_ndb([BLOBS[0], b"\0" * 200, BLOBS[1]]))
    assert [each.name for each in database.packages] == ["bash"]
    assert database.problem == "reading an rpm header: it has no name"


@settings(max_examples=300, deadline=None)
@given(
    kind=st.sampled_from(["ndb", "bdb"]),
    changes=st.lists(st.tuples(st.integers(0, 9000), st.integers(0, 255)), max_size=8),
    cut=st.integers(0, 20000),
)
def test_damage_anywhere_is_a_format_error_or_a_problem(kind: str, changes: list[tuple[int, int]], cut: int) -> None:
    """Nothing else is raised, and it ends."""
    content = bytearray(write_ndb(BLOBS) if kind == "ndb" else write_bdb(BLOBS))[: cut or None]
    for place, value in changes:
        if place < len(content):
            content[place] = value
    try:
        parse_rpm_database(bytes(content))
    except FormatError:
        return


@settings(max_examples=300, deadline=None)
@given(changes=st.lists(st.tuples(st.integers(0, 20000), st.integers(0, 255)), max_size=8), cut=st.integers(0, 30000))
def test_damage_of_sqlite_is_a_format_error_or_a_problem(
    changes: list[tuple[int, int]], cut: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Nothing else is raised, and it ends."""
    content = bytearray(_sqlite(tmp_path_factory))[: cut or None]
    for place, value in changes:
        if place < len(content):
            content[place] = value
    try:
        parse_rpm_database(bytes(content))
    except FormatError:
        return


_KNOWN: list[bytes] = []


def _sqlite(factory: pytest.TempPathFactory) -> bytes:
    """A database, made once."""
    if not _KNOWN:
        _KNOWN.append(write_sqlite(BLOBS, factory.mktemp("rpm")))
    return _KNOWN[0]
