"""The table of releases keeps its law, and finds what os-release names."""

from datetime import date
from pathlib import Path

import pytest

from layerscope.errors import PolicyError
from layerscope.policies.releases import read_releases

HEAD = '[policy]\nabout = "x"\ndate = 2026-01-01\nrefresh = "y"\n'


def row(version: str, *, libc: str = "glibc", number: str = "2.30", released: int = 2020, ends: int = 2025) -> str:
    """A row of the table."""
    return (
        f'[[release]]\nid = "d"\nversion = "{version}"\nlibc = "{libc}"\nlibc_version = "{number}"\n'
        f'released = {released}-01-01\nend_of_life = {ends}-01-01\nsource = "s"\n'
    )


def write(folder: Path, *rows: str) -> Path:
    """A table of one's own."""
    (folder / "releases.toml").write_text(HEAD + "".join(rows))
    return folder


def test_our_table_keeps_its_law_and_knows_the_usual_bases() -> None:
    """By the distributions' own names."""
    table = read_releases()
    known = {
        ("debian", "12"): ("glibc", "2.36"), ("ubuntu", "22.04"): ("glibc", "2.35"), ("rhel", "9.4"): ("glibc", "2.34"),
        ("alpine", "3.22.1"): ("musl", "1.2.5"), ("amzn", "2023"): ("glibc", "2.34"),
        ("rocky", "8.10"): ("glibc", "2.28"), ("ubuntu", "26.04"): ("glibc", "2.43"),
        ("fedora", "43"): ("glibc", "2.42"),
    }  # fmt: skip
    for (distribution, version), expected in known.items():
        found = table.find(distribution, version)
        assert found is not None
        assert (found.libc, found.libc_version) == expected
    debian = table.find("debian", "11")
    assert debian is not None
    assert debian.end_of_life == date(2026, 8, 31)


def test_a_longer_number_is_another_release() -> None:
    """3.2 is not 3.22; what nobody knows is None."""
    table = read_releases()
    assert table.find("alpine", "3.2") is None
    assert table.find("debian", "1") is None
    assert table.find("arch", "") is None


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ((row("1", libc="uclibc"),), "C library 'uclibc'"),
        ((row("1", ends=2019),), "not after its release"),
        ((row("2"), row("1")), "stands after 2"),
        ((row("1", released=2021), row("2")), "released before 1"),
        ((row("1", number="2.31"), row("2", number="2.30")), "older than that of 1"),
        ((row("one"), row("two")), "expected numbers"),
    ],
)
def test_a_table_that_contradicts_itself_is_refused(rows: tuple[str, ...], message: str, tmp_path: Path) -> None:
    """The message names the row."""
    with pytest.raises(PolicyError, match=message):
        read_releases(write(tmp_path, *rows))
