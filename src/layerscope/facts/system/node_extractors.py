"""What the layer pass keeps of Node.js programs, npm packages and npm's lock files."""

from dataclasses import dataclass, field
from typing import Final

from layerscope.errors import FormatError
from layerscope.formats.node_version import MARK_LIMIT, find_node_version, parse_node_header
from layerscope.formats.npm_package import parse_npm_lock, parse_npm_package
from layerscope.layers.extractor import FileReading, Wants

PACKAGE_FILE: Final = "package.json"
LOCK_FILES: Final = ("package-lock.json", "npm-shrinkwrap.json")
MODULES: Final = "node_modules"
NODE_HEADER: Final = "include/node/node_version.h"

PACKAGE_LIMIT: Final = 4 << 20
"""Bytes of a package.json; the registry's largest have some hundred thousand."""

LOCK_LIMIT: Final = 16 << 20
"""Bytes of a lock file; those of the largest projects have 5 MB."""

_SCOPE: Final = "@"


@dataclass(frozen=True)
class NpmPackageExtractor:
    """Keeps what an installed package, or an application's own package.json, says of versions.

    Files deeper inside an installed package only mark module formats and are left out.
    """

    name: str = "npm-packages"
    version: int = 1
    wants: Wants = field(default=Wants(names=frozenset({PACKAGE_FILE}), limit=PACKAGE_LIMIT))

    def extract(self, path: str, content: bytes, *, size: int, mode: int) -> object:
        """The fields that are not empty, by short names."""
        del mode
        if size > len(content) or not is_package_place(path):
            return None
        try:
            package = parse_npm_package(content)
        except FormatError:
            return None
        kept: dict[str, object] = {
            "name": package.name,
            "version": package.version,
            "node": package.node_range,
            "needs": dict(package.dependencies),
            "optional": dict(package.optional),
            "peers": dict(package.peers),
            "optional_peers": list(package.optional_peers),
            "overrides": list(package.overrides),
            "workspaces": package.is_workspace_root,
        }
        return {name: value for name, value in kept.items() if value}


@dataclass(frozen=True)
class NpmLockExtractor:
    """Keeps folder and version of what a project's lock file wants installed, development left out."""

    name: str = "npm-locks"
    version: int = 1
    wants: Wants = field(default=Wants(names=frozenset(LOCK_FILES), limit=LOCK_LIMIT))

    def extract(self, path: str, content: bytes, *, size: int, mode: int) -> object:
        """Rows of folder, version, and whether it may be absent."""
        del mode
        if size > len(content) or f"/{MODULES}/" in f"/{path}":
            return None
        try:
            locked = parse_npm_lock(content)
        except FormatError:
            return None
        return [[each.folder, each.version, each.is_optional] for each in locked if not each.is_development]


@dataclass(frozen=True)
class NodeHeaderExtractor:
    """Keeps version and module version of a Node.js installation's header."""

    name: str = "node-headers"
    version: int = 1
    wants: Wants = field(default=Wants(names=frozenset({"node_version.h"}), limit=65536))

    def extract(self, path: str, content: bytes, *, size: int, mode: int) -> object:
        """Both, or None."""
        del size, mode
        found = parse_node_header(content) if path.endswith(NODE_HEADER) else None
        return list(found) if found is not None else None


@dataclass
class _NodeReading:
    """Looks for the mark in a program that passes in pieces."""

    rest: bytes = b""
    found: str | None = None

    def feed(self, piece: memoryview) -> None:
        """Search the piece together with the end of the one before."""
        if self.found is None:
            content = self.rest + bytes(piece)
            self.found = find_node_version(content)
            self.rest = content[-MARK_LIMIT:]

    def finish(self) -> object:
        """The version, if the program names one."""
        return self.found


@dataclass(frozen=True)
class NodeProgramExtractor:
    """Keeps the version that a program called node, or the library of one, names in its bytes."""

    name: str = "node-programs"
    version: int = 1
    wants: Wants = field(default=Wants(names=frozenset({"node", "nodejs"})))

    def open_file(self, path: str, *, size: int, mode: int) -> FileReading:
        """What searches one program."""
        del path, size, mode
        return _NodeReading()


def is_package_place(path: str) -> bool:
    """Whether a package.json is that of an installed package or of an application."""
    parts = path.split("/")[:-1]
    if MODULES not in parts:
        return True
    below = parts[len(parts) - parts[::-1].index(MODULES) :]
    return len(below) == 1 + below[0].startswith(_SCOPE) if below else False
