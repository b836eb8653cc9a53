"""The package databases that the container sees, each package with the layer in which it came."""

from collections.abc import Iterator
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from layerscope.facts.context import FactContext
from layerscope.facts.gap import Gap
from layerscope.facts.system.package_extractors import (
    APK_INSTALLED,
    DPKG_FOLDER,
    DPKG_INFO,
    DPKG_STATUS,
    RPM_DATABASES,
    ApkExtractor,
    DpkgFolderExtractor,
    DpkgListExtractor,
    DpkgStatusExtractor,
    RpmExtractor,
)
from layerscope.filesystem.node import Node

_ROW: Final = 5
"""Texts that every row begins with: name, version, architecture, status, source."""
_FILES, _DIGESTS = 5, 6

PackageKey = tuple[str, str, str]


class InstalledPackage(Struct, frozen=True):
    """One package of a database; `layer` is where its version came, `files` one path a line, `digests` 32 bytes each.

    `status` is dpkg's own word, empty elsewhere.
    """

    name: str
    version: str
    architecture: str
    status: str
    source: str
    layer: int
    files: str = ""
    digests: bytes = b""

    @property
    def is_installed(self) -> bool:
        """Whether the manager calls it whole: dpkg ends its status with `ok installed`."""
        return not self.status or self.status.endswith(" ok installed")


class PackageDatabase(Struct, frozen=True):
    """One database: `manager` is dpkg, apk or rpm."""

    manager: str
    path: str
    layer: int
    packages: tuple[InstalledPackage, ...]


class PackageDatabases(Struct, frozen=True):
    """All databases of an image, and what could not be read of them."""

    databases: tuple[PackageDatabase, ...]
    gaps: tuple[Gap, ...]

    def find_version(self, *names: str) -> InstalledPackage | None:
        """The first installed package of one of these names."""
        wanted = frozenset(names)
        packages = (package for database in self.databases for package in database.packages)
        return next((each for each in packages if each.name in wanted and each.is_installed), None)


def find_package_databases(context: FactContext) -> PackageDatabases:
    """The databases in the order dpkg, apk, rpm; ask through `context.shared`."""
    found: list[PackageDatabase] = []
    gaps: list[Gap] = []
    places = (("dpkg", DpkgStatusExtractor.name, (DPKG_STATUS,)), ("apk", ApkExtractor.name, APK_INSTALLED),
              ("rpm", RpmExtractor.name, RPM_DATABASES))  # fmt: skip
    for manager, extractor, paths in places:
        nodes = {node.path: node for path in paths if (node := context.tree.resolve(path)) is not None}
        for node in nodes.values():
            kept = context.extract_of(extractor, node)
            if isinstance(kept, dict):
                if "problem" in kept:
                    gaps.append(Gap(f"{manager} packages", f"/{node.path}", str(kept["problem"])))
                rows = [row for row in kept.get("packages", []) if len(row) >= _ROW]
                packages = _read_packages(context, extractor, node, rows)
                if manager == "dpkg":
                    packages = tuple(_add_list(context, package) for package in packages)
                found.append(PackageDatabase(manager, node.path, node.layer, packages))
    folder = _read_folder(context)
    return PackageDatabases((*found, *folder), tuple(gaps))


def iter_states(context: FactContext, extractor: str, path: str) -> Iterator[tuple[int, set[PackageKey]]]:
    """For each layer that writes a database: name, version and architecture of what it has installed."""
    for layer, scan in enumerate(context.scans):
        kept = scan.extracts.get(extractor, {}).get(path)
        if isinstance(kept, dict):
            yield layer, {_key(row) for row in kept.get("packages", [])}


def _read_packages(
    context: FactContext, extractor: str, node: Node, rows: list[list[object]]
) -> tuple[InstalledPackage, ...]:
    """The rows of the visible database, each with the layer since which it has stood there."""
    since: dict[PackageKey, int] = {}
    for layer, state in iter_states(context, extractor, node.content_path):
        if layer > node.content_layer:
            break
        since = {key: since.get(key, layer) for key in state}
    return tuple(_make(row, since.get(_key(row), node.layer)) for row in rows)


def _make(row: list[object], layer: int) -> InstalledPackage:
    """A package from its row."""
    name, version, architecture, status, source = (str(value) for value in row[:_ROW])
    files = row[_FILES] if len(row) > _FILES else ""
    digests = row[_DIGESTS] if len(row) > _DIGESTS else b""
    return InstalledPackage(
        name=name,
        version=version,
        architecture=architecture,
        status=status,
        source=source,
        layer=layer,
        files=files if isinstance(files, str) else "",
        digests=digests if isinstance(digests, bytes) else b"",
    )


def _key(row: list[object]) -> PackageKey:
    """What makes two rows the same package in the same version."""
    return str(row[0]), str(row[1]), str(row[2])


def _add_list(context: FactContext, package: InstalledPackage) -> InstalledPackage:
    """A package of dpkg with its file list, which bears the architecture where several can be installed together."""
    if not package.is_installed:
        return package
    for name in (f"{package.name}:{package.architecture}", package.name):
        node = context.tree.get(f"{DPKG_INFO}{name}.list")
        kept = context.extract_of(DpkgListExtractor.name, node) if node is not None else None
        if isinstance(kept, str):
            return replace(package, files=kept)
    return package


def _read_folder(context: FactContext) -> tuple[PackageDatabase, ...]:
    """The packages of an image that has one file a package."""
    packages: list[InstalledPackage] = []
    for path in context.tree.children(DPKG_FOLDER.rstrip("/")):
        node = context.tree.get(path)
        kept = context.extract_of(DpkgFolderExtractor.name, node) if node is not None else None
        if node is None or not isinstance(kept, dict):
            continue
        files = context.find_extract(DpkgFolderExtractor.name, f"{path}.md5sums")
        text = files if isinstance(files, str) else ""
        packages += (replace(_make(row, node.layer), files=text) for row in kept.get("packages", []))
    if not packages:
        return ()
    path = DPKG_FOLDER.rstrip("/")
    return (PackageDatabase("dpkg", path, max(package.layer for package in packages), tuple(packages)),)
