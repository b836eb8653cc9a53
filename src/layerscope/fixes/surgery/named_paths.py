"""The paths that edits name: what was asked for, and caches of package managers with the folders they leave empty."""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from typing import Final

from layerscope.facts.layers.package_caches import is_cached
from layerscope.filesystem.tree import MergedTree
from layerscope.layers.entry import EntryType
from layerscope.rules.layer_edit import DropCache, DropPath, LayerEdit

STAYED_LIMIT: Final = 20
"""Paths that stayed which are told by name."""


def find_named_paths(tree: MergedTree, edits: Iterable[LayerEdit]) -> frozenset[str]:
    """The visible paths that edits want gone from every layer."""
    paths: set[str] = set()
    linked = _list_linked(tree)
    for edit in edits:
        if isinstance(edit, DropPath):
            paths.add(edit.path)
        elif isinstance(edit, DropCache):
            paths |= _find_cached(tree, edit, linked)
    return frozenset(paths)


def is_at_or_below(path: str, named: AbstractSet[str]) -> bool:
    """Whether a path is a named one or lies in one."""
    while path:
        if path in named:
            return True
        path = path.rpartition("/")[0]
    return False


def _list_linked(tree: MergedTree) -> dict[int, list[str]]:
    """Where an entry's content lies that has hard links, and where those lie."""
    stack = tree.stack
    found: dict[int, list[str]] = {}
    for link, content in stack.hard_links.items():
        found.setdefault(content, [stack.path(content)]).append(stack.path(link))
    return found


def _find_cached(tree: MergedTree, edit: DropCache, linked: dict[int, list[str]]) -> set[str]:
    """The files of a cache, and the folders within it in which nothing else lies.

    What is shared by hard link with a file elsewhere stays: dropping its name frees nothing.
    """
    found: set[str] = set()
    walked = list(tree.walk(edit.folder))
    for node in reversed(walked):
        if node.path == edit.folder or not is_cached(node.path, edit.kind):
            continue
        if node.type is EntryType.DIRECTORY:
            children = tree.children(node.path)
            if children and found.issuperset(children):
                found.add(node.path)
        elif all(path.startswith(edit.folder + "/") for path in linked.get(tree.stack.content(node.ordinal), ())):
            found.add(node.path)
    return found


def tell_stayed(paths: Iterable[str]) -> list[str]:
    """Which of the named paths stay, and why."""
    stayed = sorted(paths)
    why = "a hard link elsewhere shares its content, or a layer that is left as it is has it"
    told = [f"/{path} stays, or some of it: {why}" for path in stayed[:STAYED_LIMIT]]
    return told + ([f"and {len(stayed) - STAYED_LIMIT:,} more paths"] if len(stayed) > STAYED_LIMIT else [])
