"""Which package owns a path, for whoever needs to know."""

from collections.abc import Callable, Iterator

from msgspec import Struct

from layerscope.facts.context import FactContext
from layerscope.facts.system.package_databases import InstalledPackage, find_package_databases
from layerscope.facts.system.package_extractors import DPKG_DIVERSIONS, DpkgDiversionExtractor


class PackageFile(Struct, frozen=True):
    """A path that a package lists, as the container would find it: links of folders followed, diversions heeded."""

    path: str
    manager: str
    package: InstalledPackage
    digest: bytes | None


class Owners:
    """Packages by the paths that they list."""

    def __init__(self, files: Iterator[PackageFile], canonical: Callable[[str], str]) -> None:
        """Keep the first owner of each path."""
        self._packages: dict[str, InstalledPackage] = {}
        self._canonical = canonical
        for file in files:
            self._packages.setdefault(file.path, file.package)

    def __len__(self) -> int:
        return len(self._packages)

    def find(self, path: str) -> InstalledPackage | None:
        """The package that owns a normalised path, without leading slash; None where none says so."""
        return self._packages.get(path) or self._packages.get(self._canonical(path))


def find_owners(context: FactContext) -> Owners:
    """The owners of all paths; ask through `context.shared`."""
    return Owners(iter_package_files(context), canonical_path(context))


def iter_package_files(context: FactContext) -> Iterator[PackageFile]:
    """Every file that an installed package lists, in the order of the databases."""
    canonical = canonical_path(context)
    for database in context.shared(find_package_databases).databases:
        diverted = _read_diversions(context) if database.manager == "dpkg" else {}
        for package in database.packages:
            if not package.files:
                continue
            digests = package.digests
            for number, path in enumerate(package.files.split("\n")):
                digest = digests[32 * number : 32 * number + 32]
                to, by = diverted.get(path, (path, package.name))
                place = canonical(to if by != package.name else path)
                yield PackageFile(place, database.manager, package, digest if any(digest) else None)


def canonical_path(context: FactContext) -> Callable[[str], str]:
    """What turns a path into the one that the tree knows: `lib/x` is `usr/lib/x` where `lib` is a link to `usr/lib`."""
    tree, folders = context.tree, {"": ""}

    def canonical(path: str) -> str:
        """The path with the links in its folder followed."""
        folder, _, name = path.rpartition("/")
        known = folders.get(folder)
        if known is None:
            known = folders[folder] = find_folder(folder)
        return f"{known}/{name}" if known else name

    def find_folder(folder: str) -> str:
        """Where a folder is; packages list what is above first, and then a look at its own name is enough."""
        parent, _, name = folder.rpartition("/")
        above = folders.get(parent)
        if above is not None:
            node = tree.get(f"{above}/{name}" if above else name)
            if node is not None and node.link is None:
                return node.path
        node = tree.resolve(folder)
        return folder if node is None else node.path

    return canonical


def _read_diversions(context: FactContext) -> dict[str, tuple[str, str]]:
    """New path and package by the path that was diverted."""
    rows = context.find_extract(DpkgDiversionExtractor.name, DPKG_DIVERSIONS)
    return {str(path): (str(to), str(by)) for path, to, by in rows} if isinstance(rows, list) else {}
