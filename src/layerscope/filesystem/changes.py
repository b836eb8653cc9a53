"""Net changes: what a run of layers made of the tree below them."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Final

from msgspec import Struct

from layerscope.filesystem.comparison import has_same_attributes, has_same_content
from layerscope.filesystem.stack import ROOT, LayerStack
from layerscope.filesystem.tree import MergedTree
from layerscope.layers.entry import EntryType

_MARKS: Final = frozenset({EntryType.WHITEOUT.value, EntryType.OPAQUE.value})


class Change(StrEnum):
    """What became of a path."""

    ADDED = "added"
    CHANGED = "changed"
    """Other content, or another type."""
    METADATA = "metadata"
    """The same content again, with mode, owner, time or extended attributes of its own."""
    REMOVED = "removed"
    UNCHANGED = "unchanged"


class PathChange(Struct, frozen=True):
    """A path with what was there (`before`) and what is there now (`after`), as ordinals."""

    path: str
    change: Change
    before: int | None
    after: int | None


def iter_changes(tree: MergedTree, first: int, last: int) -> Iterator[PathChange]:
    """The paths that differ between the tree below layer `first` and the tree up to layer `last`, in no order.

    A directory that is only listed again, with the attributes it had, does not differ.
    """
    stack = tree.stack
    before, after = _find_before(tree, first, last), _find_after(tree, first, last)
    for path, old in before.items():
        new = after.get(path)
        change = Change.REMOVED if new is None else _compare(stack, old, new)
        if change is not Change.UNCHANGED:
            yield PathChange(path, change, old, new)
    for path, new in after.items():
        if path not in before:
            yield PathChange(path, Change.ADDED, None, new)


def _compare(stack: LayerStack, old: int, new: int) -> Change:
    """How an entry differs from the one before it."""
    if not has_same_content(stack, old, new):
        return Change.CHANGED
    if stack.is_directory(new) and has_same_attributes(stack, old, new):
        return Change.UNCHANGED
    return Change.METADATA


def _find_before(tree: MergedTree, first: int, last: int) -> dict[str, int]:
    """Entries of lower layers that the layers from `first` to `last` ended."""
    stack = tree.stack
    return {
        stack.path(ended): ended
        for ended, ender in tree.endings
        if stack.locate(ended)[0] < first <= stack.locate(ender)[0] <= last
    }


def _find_after(tree: MergedTree, first: int, last: int) -> dict[str, int]:
    """Entries of the layers from `first` to `last` that live on above them."""
    stack = tree.stack
    start, stop = stack.starts[first], stack.starts[last] + len(stack.indexes[last])
    ended = {ended for ended, ender in tree.endings if stack.locate(ender)[0] <= last}
    alive = [ordinal for ordinal in range(start, stop) if ordinal not in ended and stack.types[ordinal] not in _MARKS]
    alive += [
        -1 - number
        for number, (layer, _) in enumerate(stack.implied)
        if first <= layer <= last and -1 - number not in ended and -1 - number != ROOT
    ]
    return {path: ordinal for ordinal in alive if (path := stack.path(ordinal))}
