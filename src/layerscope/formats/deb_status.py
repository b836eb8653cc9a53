"""dpkg's database: the status file, the file lists of packages, and diversions.

https://manpages.debian.org/dpkg-query and https://wiki.debian.org/Teams/Dpkg/Spec describe the files.
"""

from dataclasses import dataclass
from typing import Final

PACKAGES_LIMIT: Final = 100_000
"""Packages of one database; all of Debian has 65,000."""

FIELD_LIMIT: Final = 16_384
"""Characters of one field; the longest Depends in Debian has about 5,000."""

PATHS_LIMIT: Final = 1_000_000
"""Paths of one package; the largest of Debian have 60,000."""

_FIELDS: Final = frozenset({"Package", "Version", "Architecture", "Status", "Source", "Depends"})
_DIVERSION_LINES: Final = 3


@dataclass(frozen=True, slots=True)
class DebPackage:
    """One paragraph; `status` is empty where the file does not say (as in images without dpkg).

    `source` is the source package without its version, the package's own name where it is not named.
    """

    name: str
    version: str
    architecture: str
    status: str
    source: str
    depends: str

    @property
    def is_installed(self) -> bool:
        """Whether dpkg, or its absence, says that it is installed: `install ok installed`, `hold ok installed`."""
        return not self.status or self.status.split()[1:] == ["ok", "installed"]


@dataclass(frozen=True, slots=True)
class Diversion:
    """A path that one package moves out of the way of all others, to `to`; `package` is `:` for the administrator."""

    path: str
    to: str
    package: str


def parse_deb_status(content: bytes) -> tuple[DebPackage, ...]:
    """The packages, in file order; paragraphs without a name are left out."""
    packages: list[DebPackage] = []
    for paragraph in content.decode("utf-8", "surrogateescape").split("\n\n"):
        package = _parse_paragraph(paragraph)
        if package is not None:
            packages.append(package)
            if len(packages) == PACKAGES_LIMIT:
                break
    return tuple(packages)


def parse_deb_list(content: bytes) -> tuple[str, ...]:
    """The paths of one package without their leading slash; directories that hold other paths are left out."""
    lines = content.decode("utf-8", "surrogateescape").split("\n")[:PATHS_LIMIT]
    paths = [line[1:] for line in lines if line.startswith("/") and line != "/."]
    folders = {path.rpartition("/")[0] for path in paths}
    return tuple(path for path in paths if path and path not in folders)


def parse_md5sums(content: bytes) -> tuple[str, ...]:
    """The paths of a list of checksums, without a leading slash."""
    lines = content.decode("utf-8", "surrogateescape").split("\n")[:PATHS_LIMIT]
    paths = (line.partition("  ")[2].removeprefix("./").removeprefix("/") for line in lines)
    return tuple(path for path in paths if path)


def parse_diversions(content: bytes) -> tuple[Diversion, ...]:
    """The diversions, three lines each: path, where to, by whom."""
    lines = content.decode("utf-8", "surrogateescape").split("\n")[:PATHS_LIMIT]
    triples = zip(*(lines[start::_DIVERSION_LINES] for start in range(_DIVERSION_LINES)), strict=False)
    return tuple(Diversion(path.lstrip("/"), to.lstrip("/"), package) for path, to, package in triples if path and to)


def _parse_paragraph(paragraph: str) -> DebPackage | None:
    """One package, if the paragraph names it; continuation lines belong to fields that nobody asks for."""
    values: dict[str, str] = {}
    for line in paragraph.split("\n"):
        name, colon, value = line.partition(":")
        if colon and name in _FIELDS:
            values.setdefault(name, value[:FIELD_LIMIT].strip())
    name = values.get("Package", "")
    if not name:
        return None
    return DebPackage(
        name=name,
        version=values.get("Version", ""),
        architecture=values.get("Architecture", ""),
        status=values.get("Status", ""),
        source=values.get("Source", name).partition(" ")[0],
        depends=values.get("Depends", ""),
    )
