"""npm's files: package.json, and package-lock.json in its three versions.

https://docs.npmjs.com/cli/v11/configuring-npm/package-json and .../package-lock-json.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Final

from msgspec import Struct, field

from layerscope.errors import FormatError

DEPENDENCIES_LIMIT: Final = 2000
"""Dependencies of one kind that a package may name; monorepos have some hundreds."""

TEXT_LIMIT: Final = 1024
"""Characters of a name, version or range that are kept; npm's names end at 214."""

LOCKED_LIMIT: Final = 100_000
"""Packages of one lock file; the largest projects have 5,000."""

FOLDER_LIMIT: Final = 4096
"""Characters of a folder in a lock file: PATH_MAX of Linux."""

FOLDERS_SIZE_LIMIT: Final = 32 << 20
"""Characters of all folders of a lock file: version 1 repeats them for what lies below; 5,000 packages have 300,000."""

LOCK_DEPTH: Final = 64
"""Nesting of a version 1 lock file; npm flattens, so that real ones have about 5."""


class NpmPackage(Struct, frozen=True):
    """What package.json says that matters to whoever loads the package; `overrides` are names that others set."""

    name: str
    version: str
    node_range: str = ""
    """engines.node."""
    dependencies: Mapping[str, str] = field(default_factory=dict)
    optional: Mapping[str, str] = field(default_factory=dict)
    peers: Mapping[str, str] = field(default_factory=dict)
    optional_peers: tuple[str, ...] = ()
    overrides: tuple[str, ...] = ()
    is_workspace_root: bool = False


class LockedPackage(Struct, frozen=True):
    """One place of a lock file: its folder (`node_modules/a/node_modules/b`) and the version that belongs there."""

    folder: str
    version: str
    is_optional: bool
    is_development: bool


def parse_npm_package(content: bytes) -> NpmPackage:
    """The package; raises FormatError for what is no JSON object. Fields of other types count as absent."""
    value = _read_object(content, "package.json")
    engines, meta = _mapping(value.get("engines")), value.get("peerDependenciesMeta")
    return NpmPackage(
        name=_text(value.get("name")),
        version=_text(value.get("version")),
        node_range=engines.get("node", ""),
        dependencies=_mapping(value.get("dependencies")),
        optional=_mapping(value.get("optionalDependencies")),
        peers=_mapping(value.get("peerDependencies")),
        optional_peers=tuple(sorted(_iter_optional(meta))),
        overrides=tuple(sorted({*_iter_names(value.get("overrides")), *_iter_names(value.get("resolutions"))})),
        is_workspace_root=bool(value.get("workspaces")),
    )


def parse_npm_lock(content: bytes) -> tuple[LockedPackage, ...]:
    """The places of a lock file in its order, the project itself left out; raises FormatError."""
    value = _read_object(content, "package-lock.json")
    packages = value.get("packages")
    found: list[LockedPackage] = []
    if isinstance(packages, dict):
        for folder, entry in packages.items():
            if folder and isinstance(entry, dict) and not entry.get("link") and len(found) < LOCKED_LIMIT:
                found.append(_lock(folder, entry))
        return tuple(found)
    pending, size = [("", value.get("dependencies"), 0)], 0
    while pending:
        folder, dependencies, depth = pending.pop()
        if not isinstance(dependencies, dict) or depth > LOCK_DEPTH:
            continue
        for name, entry in dependencies.items():
            if not isinstance(entry, dict) or len(folder) + len(name) > FOLDER_LIMIT:
                continue
            below = f"{folder}node_modules/{name}"
            size += len(below)
            if len(found) >= LOCKED_LIMIT or size > FOLDERS_SIZE_LIMIT:
                return tuple(found)
            found.append(_lock(below, entry))
            if entry.get("dependencies"):
                pending.append((f"{below}/", entry["dependencies"], depth + 1))
    return tuple(found)


def _lock(folder: str, entry: Mapping[str, object]) -> LockedPackage:
    """One place of a lock file."""
    is_optional = bool(entry.get("optional") or entry.get("devOptional") or entry.get("peer"))
    is_development = bool(entry.get("dev") or entry.get("devOptional"))
    return LockedPackage(folder[:FOLDER_LIMIT], _text(entry.get("version")), is_optional, is_development)


def _read_object(content: bytes, what: str) -> dict[str, object]:
    """The JSON object of a file."""
    try:
        value = json.loads(content.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError) as error:
        raise FormatError(f"reading {what}: {error}") from error
    if not isinstance(value, dict):
        raise FormatError(f"reading {what}: not a JSON object")
    return value


def _text(value: object) -> str:
    """A text, shortened; empty for anything else."""
    return value[:TEXT_LIMIT] if isinstance(value, str) else ""


def _mapping(value: object) -> dict[str, str]:
    """The texts of an object."""
    if not isinstance(value, dict):
        return {}
    pairs = ((name[:TEXT_LIMIT], text[:TEXT_LIMIT]) for name, text in value.items() if isinstance(text, str))
    return dict(list(pairs)[:DEPENDENCIES_LIMIT])


def _iter_optional(meta: object) -> Iterator[str]:
    """The peers that may be absent."""
    if isinstance(meta, dict):
        for name, entry in list(meta.items())[:DEPENDENCIES_LIMIT]:
            if isinstance(entry, dict) and entry.get("optional"):
                yield name[:TEXT_LIMIT]


def _iter_names(overrides: object) -> Iterator[str]:
    """The names that overrides or resolutions speak of: `a`, `a@1`, `**/a`, and those nested below."""
    pending = [overrides]
    for _ in range(DEPENDENCIES_LIMIT):
        if not pending:
            return
        current = pending.pop()
        if isinstance(current, dict):
            for key, below in list(current.items())[:DEPENDENCIES_LIMIT]:
                yield _bare_name(key[:TEXT_LIMIT])
                pending.append(below)


def _bare_name(key: str) -> str:
    """The package's name in `**/parent/@scope/name@range`."""
    parts = key.rsplit("/", 2)
    name = "/".join(parts[-2:]) if len(parts) > 1 and parts[-2].startswith("@") else parts[-1]
    head, at, _ = name[1:].partition("@")
    return name[0] + head if at else name
