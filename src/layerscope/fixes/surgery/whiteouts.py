"""Whiteouts that hide nothing any more once what they hid is dropped."""

from collections.abc import Set as AbstractSet
from typing import Final

from layerscope.filesystem.tree import MergedTree
from layerscope.layers.entry import EntryType

_WHITEOUT: Final = EntryType.WHITEOUT.value


def find_idle_whiteouts(tree: MergedTree, dropped: AbstractSet[int]) -> set[int]:
    """The whiteouts that hid something dropped, and below which no layer has anything left at their paths."""
    stack, idle = tree.stack, set[int]()
    wanted = {
        ender
        for ended, ender in tree.endings
        if ender >= 0 and ended in dropped and stack.types[ender] == _WHITEOUT and ender not in dropped
    }
    paths = {stack.path(each) for each in wanted}
    taken: set[str] = set()
    for layer, index in enumerate(stack.indexes if paths else ()):
        start, stop = stack.limits(layer)
        idle.update(each for each in wanted if start <= each < stop and stack.path(each) not in taken)
        for directory, first, last in index.iter_runs():
            above = list_above(directory) & paths
            for place in range(first, last):
                path = stack.moved.get(start + place) or index.paths[place]
                if (above or path in paths) and start + place not in dropped and start + place not in idle:
                    taken |= above
                    taken.add(path)
        if stack.moved:
            taken.update(
                *(
                    list_above(path)
                    for each, path in stack.moved.items()
                    if start <= each < stop and each not in dropped
                )
            )
    return idle


def list_above(path: str) -> set[str]:
    """A directory and all above it."""
    found = set()
    while path:
        found.add(path)
        path = path.rpartition("/")[0]
    return found
