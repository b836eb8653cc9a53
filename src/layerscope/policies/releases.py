"""Distribution releases: which C library they have, and when their support ends."""

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Final

from layerscope.errors import PolicyError
from layerscope.policies.table import Row, Table, parse_numbers, read_table

NAME: Final = "releases"

_LIBRARIES: Final = ("glibc", "musl")


class Release(Row, frozen=True):
    """One release; `libc_version` is empty where nobody has checked it."""

    id: str
    """os-release's ID."""
    version: str
    """os-release's VERSION_ID, or as much of its beginning as names the release."""
    libc: str
    libc_version: str
    released: date
    end_of_life: date


class ReleaseTable(Table, frozen=True):
    """The releases, those of one distribution in order."""

    release: tuple[Release, ...]

    def find(self, distribution: str, version: str) -> Release | None:
        """The release that os-release names: `alpine` `3.22.1` is 3.22, `rhel` `9.4` is 9."""
        rows = [row for row in self.release if row.id == distribution and _names(row.version, version)]
        return max(rows, key=lambda row: len(row.version), default=None)


def read_releases(directory: Path | None = None) -> ReleaseTable:
    """The table; raises PolicyError where it contradicts itself."""
    table = read_table(NAME, ReleaseTable, directory)
    for identifier in dict.fromkeys(row.id for row in table.release):
        _check_distribution([row for row in table.release if row.id == identifier])
    return table


def _names(row: str, version: str) -> bool:
    """Whether a row's version is the whole or the beginning of another."""
    return version == row or version.startswith(f"{row}.")


def _check_distribution(rows: Iterable[Release]) -> None:
    """The law: a newer release was released later and has no older C library, and none ends before it begins."""
    before: Release | None = None
    for row in rows:
        what = f"the table {NAME}: {row.id} {row.version}"
        if row.libc not in _LIBRARIES:
            raise PolicyError(f"reading {what}: C library {row.libc!r}, expected one of {', '.join(_LIBRARIES)}")
        if row.end_of_life <= row.released:
            raise PolicyError(f"reading {what}: ends on {row.end_of_life}, not after its release on {row.released}")
        if before is not None:
            _check_order(before, row, what)
        before = row


def _check_order(before: Release, row: Release, what: str) -> None:
    """The part of the law that compares a release with the one before."""
    if parse_numbers(row.version, what=what) <= parse_numbers(before.version, what=what):
        raise PolicyError(f"reading {what}: stands after {before.version}, which is not older")
    if row.released < before.released:
        raise PolicyError(f"reading {what}: released before {before.version}")
    if row.libc == before.libc and row.libc_version and before.libc_version:
        older = parse_numbers(before.libc_version, what=what)
        if parse_numbers(row.libc_version, what=what) < older:
            raise PolicyError(f"reading {what}: {row.libc} {row.libc_version}, older than that of {before.version}")
