"""dive's efficiency score and wasted bytes, from the same rules, in time linear in what was overwritten or removed.

The rules, from dive's filetree/efficiency.go: each layer's leaves are visited, and for each path the sizes met are
added up and their minimum kept. A whiteout is a visit of the path it names, with size 0 if that was a file, and with
all that lay below if it was a directory. The score is the sum of the minima over the sum of all sizes; the wasted bytes
are the sums of the paths visited more than once.

What follows from dive's rules and is kept: a file removed along with its directory is not wasted, and a hard link has
size 0. What differs, because dive's own tree differs from what a container sees there: dive drops opaque whiteouts,
keeps children below a file that replaced their directory, takes a directory for a file once a layer left it unnamed,
visits a directory that was removed and comes back empty, and gives up on a layer at a whiteout of something that does
not exist.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from msgspec import Struct

from layerscope.filesystem.stack import LayerStack
from layerscope.filesystem.tree import MergedTree
from layerscope.layers.entry import EntryType
from layerscope.layers.index import LayerIndex

_FILE: Final = EntryType.FILE.value
_DIRECTORY: Final = EntryType.DIRECTORY.value
_WHITEOUT: Final = EntryType.WHITEOUT.value


class Efficiency(Struct, frozen=True):
    """dive's numbers: a score from 0 to 1, and the bytes of all paths that more than one layer brings or removes."""

    score: float
    wasted: int


@dataclass(slots=True)
class _Visits:
    """The sum of the sizes that a path had when it was visited, and the least of them."""

    total: int
    least: int

    def add(self, size: int) -> None:
        """One more visit."""
        self.least = min(self.least, size)
        self.total += size


class _Tally:
    """What the endings of a tree amount to in dive's terms.

    `once` holds the size of every path that was visited once, `often` those that were visited more often: most are not.
    `replaced_within` are bytes replaced within their own layer, `below` bytes by the whiteout that removed them, and
    `directories` the whiteouts that named a directory.
    """

    def __init__(self, tree: MergedTree) -> None:
        self.once: dict[str, int] = {}
        self.often: dict[str, _Visits] = {}
        self.replaced_within = 0
        self.below: dict[int, int] = {}
        self.directories: set[int] = set()
        self._stack = tree.stack
        for layer, index in enumerate(tree.stack.indexes):
            limits = tree.stack.limits(layer)
            self._add_layer(index, *limits, tree.endings.between(*limits))

    def _add_layer(self, index: LayerIndex, start: int, stop: int, endings: Iterator[tuple[int, int]]) -> None:
        """Add the endings of one layer's entries."""
        stack, types, sizes, once, below = self._stack, self._stack.types, self._stack.sizes, self.once, self.below
        paths = index.paths if not stack.moved else None
        for ended, ender in endings:
            kind = types[ended]
            size = sizes[ended] if kind == _FILE else 0
            if start <= ender < stop:
                self.replaced_within += size
                continue
            is_removed = ender >= 0 and types[ender] == _WHITEOUT
            if is_removed:
                below[ender] = below.get(ender, 0) + size
            if kind != _DIRECTORY:
                path = paths[ended - start] if paths is not None else stack.path(ended)
                if path in once:
                    self.visit(path, size)
                else:
                    once[path] = size
            elif is_removed and stack.path(ended) == stack.path(ender):
                self.directories.add(ender)

    def visit(self, path: str, size: int) -> None:
        """Visit a path once more, or for the first time."""
        earlier = self.once.get(path)
        if earlier is None:
            self.once[path] = size
            return
        visits = self.often.get(path)
        if visits is None:
            self.often[path] = _Visits(earlier + size, min(earlier, size))
        else:
            visits.add(size)

    def visit_visible(self, tree: MergedTree) -> tuple[int, int]:
        """Visit the paths that a layer ended and the container sees nonetheless.

        Those that are visited for the second time, which are nearly all, are added up at once: surplus and wasted
        bytes.
        """
        stack, often, surplus, wasted = tree.stack, self.often, 0, 0
        for (path, earlier), visible in zip(self.once.items(), tree.find_ordinals(self.once), strict=True):
            if visible is None or stack.is_directory(visible):
                continue
            size = stack.size(visible)
            if path in often:
                often[path].add(size)
            else:
                surplus += max(earlier, size)
                wasted += earlier + size
        return surplus, wasted


def measure_efficiency(tree: MergedTree) -> Efficiency:
    """The score and the wasted bytes of a tree."""
    stack, tally = tree.stack, _Tally(tree)
    removed_below = {ordinal: size for ordinal, size in tally.below.items() if ordinal in tally.directories}
    for ordinal in _whiteouts(stack):
        tally.visit(stack.path(ordinal), removed_below.get(ordinal, 0))
    surplus, wasted = tally.visit_visible(tree)
    total = sum(stack.sizes) - tally.replaced_within + sum(removed_below.values())
    surplus += sum(visits.total - visits.least for visits in tally.often.values())
    wasted += sum(visits.total for visits in tally.often.values())
    return Efficiency((total - surplus) / total if total else 1.0, wasted)


def _whiteouts(stack: LayerStack) -> list[int]:
    """Every whiteout of every layer."""
    found = []
    place = stack.types.find(_WHITEOUT)
    while place >= 0:
        found.append(place)
        place = stack.types.find(_WHITEOUT, place + 1)
    return found
