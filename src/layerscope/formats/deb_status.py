"""dpkg's database: the status file, the file lists of packages, and diversions.

https://manpages.debian.org/dpkg-query and https://wiki.debian.org/Teams/Dpkg/Spec describe the files.
"""

from collections.abc import Iterator
from io import BytesIO
from itertools import islice
from typing import Final

from msgspec import Struct

PACKAGES_LIMIT: Final = 100_000
"""Packages of one database; all of Debian has 65,000."""

FIELD_LIMIT: Final = 1000
"""Characters of one field; versions and names have some tens."""

PATHS_LIMIT: Final = 1_000_000
"""Paths of one package; the largest of Debian have 60,000."""

_FIELDS: Final = frozenset({b"Package", b"Version", b"Architecture", b"Status", b"Source"})
_DIVERSION_LINES: Final = 3


class DebPackage(Struct, frozen=True):
    """One paragraph; `status` is empty where the file does not say (as in images without dpkg).

    `source` is the source package without its version, the package's own name where it is not named.
    """

    name: str
    version: str
    architecture: str
    status: str
    source: str

    @property
    def is_installed(self) -> bool:
        """Whether dpkg, or its absence, says that it is installed: `install ok installed`, `hold ok installed`."""
        return not self.status or self.status.split()[1:] == ["ok", "installed"]


class Diversion(Struct, frozen=True):
    """A path that one package moves out of the way of all others, to `to`; `package` is `:` for the administrator."""

    path: str
    to: str
    package: str


def parse_deb_status(content: bytes) -> tuple[DebPackage, ...]:
    """The packages, in file order; paragraphs without a name are left out."""
    return tuple(islice(filter(None, map(_make_package, _iter_paragraphs(content))), PACKAGES_LIMIT))


def parse_deb_list(content: bytes) -> tuple[str, ...]:
    """The paths of one package without their leading slash; directories that hold other paths are left out."""
    lines = _list_lines(content)
    paths = [line[1:] for line in lines if line.startswith("/") and line != "/."]
    folders = {path.rpartition("/")[0] for path in paths}
    return tuple(path for path in paths if path and path not in folders)


def parse_md5sums(content: bytes) -> tuple[str, ...]:
    """The paths of a list of checksums, without a leading slash."""
    lines = _list_lines(content)
    paths = (line.partition("  ")[2].removeprefix("./").removeprefix("/") for line in lines)
    return tuple(path for path in paths if path)


def parse_diversions(content: bytes) -> tuple[Diversion, ...]:
    """The diversions, three lines each: path, where to, by whom."""
    lines = _list_lines(content)
    triples = zip(*(lines[start::_DIVERSION_LINES] for start in range(_DIVERSION_LINES)), strict=False)
    return tuple(Diversion(path.lstrip("/"), to.lstrip("/"), package) for path, to, package in triples if path and to)


def _list_lines(content: bytes) -> list[str]:
    """The lines of a list, as many as are read."""
    return content.decode("utf-8", "surrogateescape").split("\n", PATHS_LIMIT)[:PATHS_LIMIT]


def _iter_paragraphs(content: bytes) -> Iterator[dict[str, str]]:
    """The fields of each paragraph; continuation lines belong to those that nobody asks for."""
    values: dict[str, str] = {}
    for line in BytesIO(content):
        if line == b"\n":
            yield values
            values = {}
        name, colon, value = line.partition(b":")
        if colon and name in _FIELDS:
            text = value[:FIELD_LIMIT].strip().decode("utf-8", "surrogateescape")
            values.setdefault(name.decode(), text)
    yield values


def _make_package(values: dict[str, str]) -> DebPackage | None:
    """One package, if its paragraph names it."""
    name = values.get("Package", "")
    if not name:
        return None
    return DebPackage(
        name=name,
        version=values.get("Version", ""),
        architecture=values.get("Architecture", ""),
        status=values.get("Status", ""),
        source=values.get("Source", name).partition(" ")[0],
    )
