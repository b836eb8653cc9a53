"""Files that packages list and the container does not see, or sees with other content."""

import re
from collections.abc import Iterator
from typing import Final

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap, tell_cut
from layerscope.facts.system.ownership import PackageFile, iter_package_files
from layerscope.facts.system.package_extractors import DpkgDiversionExtractor
from layerscope.filesystem.node import Node
from layerscope.layers.columns import NO_DIGEST
from layerscope.layers.entry import EntryType

PATHS_SHOWN: Final = 20
"""Paths that one fact names; beyond them, a count says more."""

GROUPS_LIMIT: Final = 1000
"""Facts that are given; an image whose packages were all deleted would have one for each."""

_EXPECTED: Final = re.compile(
    r"(?:usr/)?(?:lib|lib32|lib64|libx32|libexec|bin|sbin)/|usr/local/|opt/|usr/share/(?!doc|man/|locale|info/|help/|"
    r"gnome/help|omf/|groff/|lintian/|linda/|bug/|i18n/|zoneinfo|licenses|bash-completion|perl5/|pixmaps|icons)"
)
"""Where a package's file is missed when it is gone. Documentation and translations are left out on purpose by slim
images (dpkg's path-exclude, rpm's --excludedocs), and what lies in /etc and /var is meant to change."""

_LIBRARY: Final = re.compile(r"(?:lib|ld-)[^/]*\.so(?:\.[0-9]+)*")
"""What the loader looks for by name; extension modules are not (pip replaces a distribution's with its own)."""
_PROGRAM_FOLDERS: Final = frozenset({"bin", "sbin", "libexec"})


class MissingPackageFiles(Fact, frozen=True):
    """Files of one package that are gone, of one `kind` (library, program, other), removed by one layer.

    `removed_by` is None where no layer ever had them, so that they were left out when the base was made.
    """

    manager: str
    package: str
    version: str
    kind: str
    count: int
    paths: tuple[str, ...]
    removed_by: int | None
    instruction: str


class AlteredPackageFiles(Fact, frozen=True):
    """Libraries and programs of one package whose content is not what the package brought, changed by one layer."""

    manager: str
    package: str
    version: str
    count: int
    paths: tuple[str, ...]
    layer: int
    instruction: str


class PackageFileCollector(Collector):
    """Holds the packages' lists against the tree."""

    name = "system.package-files"
    extractors = (DpkgDiversionExtractor(),)

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield missing files by package, kind and layer, then altered ones by package and layer."""
        missing: dict[tuple[str, str, str, str, int | None], list[str]] = {}
        altered: dict[tuple[str, str, str, int], list[str]] = {}
        tree = context.tree
        for file in iter_package_files(context):
            package = file.package
            if file.path not in tree:
                if _EXPECTED.match(file.path):
                    removed = context.find_removal(file.path)
                    key = (file.manager, package.name, package.version, find_kind(file.path), removed)
                    missing.setdefault(key, []).append(file.path)
            elif file.digest is not None and _is_altered(file, node := tree.get(file.path)) and node is not None:
                altered.setdefault((file.manager, package.name, package.version, node.layer), []).append(file.path)
        yield from tell_cut("packages with missing files", len(missing), GROUPS_LIMIT)
        yield from tell_cut("packages with altered files", len(altered), GROUPS_LIMIT)
        for (manager, name, version, kind, removed), paths in list(missing.items())[:GROUPS_LIMIT]:
            yield MissingPackageFiles(
                evidence=Evidence(layer=removed, path=paths[0]),
                manager=manager,
                package=name,
                version=version,
                kind=kind,
                count=len(paths),
                paths=tuple(paths[:PATHS_SHOWN]),
                removed_by=removed,
                instruction=context.instruction(removed),
            )
        for (manager, name, version, layer), paths in list(altered.items())[:GROUPS_LIMIT]:
            yield AlteredPackageFiles(
                evidence=Evidence(layer=layer, path=paths[0]),
                manager=manager,
                package=name,
                version=version,
                count=len(paths),
                paths=tuple(paths[:PATHS_SHOWN]),
                layer=layer,
                instruction=context.instruction(layer),
            )


def find_kind(path: str) -> str:
    """What a file is to the rest: a library that programs load, a program, or other."""
    folder, _, name = path.rpartition("/")
    if _LIBRARY.fullmatch(name):
        return "library"
    return "program" if folder.rpartition("/")[2] in _PROGRAM_FOLDERS else "other"


def _is_altered(file: PackageFile, node: Node | None) -> bool:
    """Whether a library or program has another content than its package says."""
    if node is None or node.type is not EntryType.FILE or find_kind(file.path) == "other":
        return False
    digest = node.digest
    return digest not in (None, NO_DIGEST, file.digest)
