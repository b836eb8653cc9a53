"""rpm's database of installed packages, in whichever of its three formats."""

from collections.abc import Iterator
from itertools import islice
from typing import Final

from msgspec import Struct

from layerscope.errors import FormatError
from layerscope.formats import rpm_bdb, rpm_ndb, rpm_sqlite
from layerscope.formats.rpm_header import FILE_COST, RpmPackage, parse_rpm_header

PACKAGES_LIMIT: Final = 100_000
"""Packages of one database; all of Fedora has 80,000."""

PATHS_SIZE_LIMIT: Final = 64 << 20
"""Characters of all paths of a database; an image of 200,000 files has 22 million."""

UNREAD_COST: Final = 8
"""What each byte of a header that does not parse counts towards that ceiling: some are refused after much work only."""

_BDB_MAGIC: Final = slice(12, 16)


class RpmDatabase(Struct, frozen=True):
    """The packages, and how many headers could not be read, with the first reason."""

    packages: tuple[RpmPackage, ...]
    unread: int
    problem: str


def parse_rpm_database(content: bytes) -> RpmDatabase:
    """The packages of a database; raises FormatError for what is none. Damage behind its head ends it early."""
    blobs = islice(_open(content), PACKAGES_LIMIT)
    packages: list[RpmPackage] = []
    unread, problem, size = 0, "", 0
    while size <= PATHS_SIZE_LIMIT:
        try:
            blob = next(blobs)
        except StopIteration:
            return RpmDatabase(tuple(packages), unread, problem)
        except FormatError as error:
            if not packages:
                raise
            return RpmDatabase(tuple(packages), unread + 1, problem or str(error))
        try:
            packages.append(parse_rpm_header(blob))
            size += sum(len(file.path) + FILE_COST for file in packages[-1].files)
        except FormatError as error:
            unread, problem = unread + 1, problem or str(error)
            size += len(blob) * UNREAD_COST
    problem = problem or f"reading an rpm database: its paths pass {PATHS_SIZE_LIMIT:,} characters"
    return RpmDatabase(tuple(packages), unread + 1, problem)


def _open(content: bytes) -> Iterator[bytes]:
    """The blobs of a database, by its first bytes."""
    if content.startswith(rpm_sqlite.MAGIC):
        return rpm_sqlite.iter_sqlite_blobs(content)
    if content.startswith(rpm_ndb.MAGIC):
        return rpm_ndb.iter_ndb_blobs(content)
    if content[_BDB_MAGIC] in rpm_bdb.MAGICS:
        return rpm_bdb.iter_bdb_blobs(content)
    raise FormatError("reading an rpm database: neither SQLite, ndb nor Berkeley DB")
