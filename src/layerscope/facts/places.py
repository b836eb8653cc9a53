"""Where in a layer's list of paths the few entries lie that collectors care about.

A large image has two hundred thousand paths, and a pass over them in Python takes longer than all that follows, so
several collectors share one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from layerscope.filesystem.tree import MergedTree
from layerscope.layers.entry import EntryType

PACKAGE_STATE: Final = "var/lib/"
"""Where apt and dpkg keep their lists."""

CACHE_WORD: Final = "cache"
"""In the paths of nearly all package caches, and of Python's byte-code."""

CACHE_FOLDERS: Final = ("/pkgs", "cargo/registry", "cargo/git/db", "/pnpm/store")
"""How the folders of the other caches end."""

_STATE_LENGTH: Final = len(PACKAGE_STATE)
_DIRECTORY: Final = EntryType.DIRECTORY.value


@dataclass(frozen=True, slots=True)
class Places:
    """Positions in one layer, ascending: entries that may lie in a cache (byte-code too), and those below /var/lib."""

    caches: list[int]
    package_state: list[int]


def find_places(tree: MergedTree) -> tuple[Places, ...]:
    """The places of every layer."""
    folders = tuple(sorted(f"{path}/" for path in _iter_directories(tree) if path.endswith(CACHE_FOLDERS)))
    return tuple(_find_in_layer(index.paths, folders) for index in tree.stack.indexes)


def _iter_directories(tree: MergedTree) -> Iterable[str]:
    """Every directory of every layer, named by an entry or not."""
    for index in tree.stack.indexes:
        paths = index.paths
        yield from [paths[position] for position, kind in enumerate(index.types) if kind == _DIRECTORY]
    for _, path in tree.stack.implied:
        yield path


def _find_in_layer(paths: list[str], folders: tuple[str, ...]) -> Places:
    """The places of one layer; `folders` are caches whose paths do not say so."""
    found = [
        position for position, path in enumerate(paths) if CACHE_WORD in path or path[:_STATE_LENGTH] == PACKAGE_STATE
    ]
    state = [position for position in found if paths[position].startswith(PACKAGE_STATE)]
    if folders:
        others = [position for position, path in enumerate(paths) if path.startswith(folders)]
        found = sorted({*found, *others})
    return Places(found, state)
