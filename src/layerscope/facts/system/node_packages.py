"""The npm packages of an image, and how Node.js resolves one from another: the nearest node_modules upwards."""

from collections.abc import Iterator, Mapping
from typing import Final

from msgspec import Struct, field

from layerscope.facts.context import FactContext
from layerscope.facts.system.node_extractors import MODULES, PACKAGE_FILE, NpmPackageExtractor

PACKAGES_LIMIT: Final = 50_000
"""Packages that are looked at; the largest images seen have 5,000."""


class InstalledModule(Struct, frozen=True):
    """One package.json that the container sees; `folder` is the package's, `is_installed` false for an application."""

    folder: str
    layer: int
    name: str
    version: str
    node_range: str
    is_installed: bool
    needs: Mapping[str, str] = field(default_factory=dict)
    optional: Mapping[str, str] = field(default_factory=dict)
    peers: Mapping[str, str] = field(default_factory=dict)
    optional_peers: frozenset[str] = frozenset()
    overrides: frozenset[str] = frozenset()
    is_workspace_root: bool = False


class Modules:
    """All packages of an image, by folder."""

    def __init__(self, context: FactContext) -> None:
        """Read what the layer pass kept of visible package.json files, sorted by folder."""
        self._tree = context.tree
        found = sorted(_iter_modules(context), key=lambda each: each.folder)[:PACKAGES_LIMIT]
        self.by_folder = {module.folder: module for module in found}

    def __iter__(self) -> Iterator[InstalledModule]:
        return iter(self.by_folder.values())

    def resolve(self, folder: str, name: str) -> InstalledModule | None:
        """What `require(name)` finds from a file in a folder; links are followed as Node.js follows them."""
        for place in iter_ancestors(folder):
            candidate = f"{place}/{MODULES}/{name}".lstrip("/")
            if candidate in self._tree:
                node = self._tree.resolve(candidate)
                module = self.by_folder.get(node.path) if node is not None else None
                if module is not None:
                    return module
        return None

    def is_in_use(self, module: InstalledModule) -> bool:
        """Whether a package is installed, or an application with a node_modules folder of its own beside it."""
        return module.is_installed or f"{module.folder}/{MODULES}".lstrip("/") in self._tree


def find_modules(context: FactContext) -> Modules:
    """All packages; ask through `context.shared`."""
    return Modules(context)


def iter_ancestors(folder: str) -> Iterator[str]:
    """The folders in which Node.js looks for node_modules: this one and all above, except node_modules themselves."""
    while True:
        if folder.rpartition("/")[2] != MODULES:
            yield folder
        if not folder:
            return
        folder = folder.rpartition("/")[0]


def _iter_modules(context: FactContext) -> Iterator[InstalledModule]:
    """The packages whose files the container sees."""
    for layer, path, kept in context.extracts(NpmPackageExtractor.name):
        node = context.tree.get(path)
        if node is None or node.content_layer != layer or not isinstance(kept, dict):
            continue
        folder = path.removesuffix(PACKAGE_FILE).rstrip("/")
        name = str(kept.get("name", "")) or folder.rpartition("/")[2]
        yield InstalledModule(
            folder=folder,
            layer=node.layer,
            name=name,
            version=str(kept.get("version", "")),
            node_range=str(kept.get("node", "")),
            is_installed=f"/{MODULES}/" in f"/{folder}",
            needs=kept.get("needs", {}),
            optional=kept.get("optional", {}),
            peers=kept.get("peers", {}),
            optional_peers=frozenset(kept.get("optional_peers", ())),
            overrides=frozenset(kept.get("overrides", ())),
            is_workspace_root=bool(kept.get("workspaces")),
        )
