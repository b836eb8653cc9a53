"""apk's database of installed packages, `lib/apk/db/installed`.

https://wiki.alpinelinux.org/wiki/Apk_spec: one letter and a colon a line, packages apart by an empty line.
"""

from dataclasses import dataclass, field
from io import BytesIO
from itertools import chain, islice
from typing import Final

from msgspec import Struct

PACKAGES_LIMIT: Final = 100_000
"""Packages of one database; Alpine has 30,000."""

LINES_LIMIT: Final = 5_000_000
"""Lines that are read; two for each file of an image."""

PATHS_SIZE_LIMIT: Final = 64 << 20
"""Characters of all paths: folders are named once and repeated here; an image of 200,000 files has 22 million."""

FILE_COST: Final = 40
"""What each path costs beside its characters: empty ones cost memory, too."""


class ApkPackage(Struct, frozen=True):
    """One package with its files, paths without a leading slash; `origin` is the package it was built from."""

    name: str
    version: str
    architecture: str
    origin: str
    files: tuple[str, ...]


@dataclass(slots=True)
class _Reading:
    """A package while its lines pass."""

    values: dict[str, str] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    folder: str = ""

    def finish(self) -> ApkPackage | None:
        """The package, if it has a name."""
        name = self.values.get("P", "")
        if not name:
            return None
        return ApkPackage(
            name=name,
            version=self.values.get("V", ""),
            architecture=self.values.get("A", ""),
            origin=self.values.get("o", name),
            files=tuple(self.files),
        )


def parse_apk_installed(content: bytes) -> tuple[ApkPackage, ...]:
    """The packages, in file order; those without a name are left out."""
    packages: list[ApkPackage] = []
    reading, size = _Reading(), 0
    for raw in chain(islice(BytesIO(content), LINES_LIMIT), [b""]):
        line = raw.rstrip(b"\n").decode("utf-8", "surrogateescape")
        if not line:
            package = reading.finish()
            if package is not None:
                packages.append(package)
            if len(packages) == PACKAGES_LIMIT:
                break
            reading = _Reading()
            continue
        key, value = line[:2], line[2:]
        if key == "F:":
            reading.folder = value.strip("/")
        elif key == "R:":
            size += len(reading.folder) + len(value) + FILE_COST
            if size <= PATHS_SIZE_LIMIT:
                reading.files.append(f"{reading.folder}/{value}" if reading.folder else value)
        elif line[1:2] == ":" and key[0] in "PVAo":
            reading.values.setdefault(key[0], value)
    return tuple(packages)
