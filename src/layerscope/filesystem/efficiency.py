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

from dataclasses import dataclass
from typing import Final

from layerscope.filesystem.stack import LayerStack
from layerscope.filesystem.tree import MergedTree
from layerscope.layers.entry import EntryType

_WHITEOUT: Final = EntryType.WHITEOUT.value


@dataclass(frozen=True, slots=True)
class Efficiency:
    """dive's numbers: a score from 0 to 1, and the bytes of all paths that more than one layer brings or removes."""

    score: float
    wasted: int


@dataclass(slots=True)
class _Visits:
    """How often a path was visited, the sum of its sizes and the least of them."""

    count: int = 0
    total: int = 0
    least: int = 0

    def add(self, size: int) -> None:
        """One more visit."""
        self.least = size if not self.count else min(self.least, size)
        self.count += 1
        self.total += size


def measure_efficiency(tree: MergedTree) -> Efficiency:
    """The score and the wasted bytes of a tree."""
    stack = tree.stack
    replaced_within, removed_below = _sum_endings(tree)
    visits: dict[str, _Visits] = {}
    for ended, ender in tree.endings:
        if ended >= 0 and not stack.is_directory(ended) and stack.locate(ended)[0] != stack.locate(ender)[0]:
            visits.setdefault(stack.path(ended), _Visits()).add(stack.size(ended))
    for ordinal in _whiteouts(stack):
        visits.setdefault(stack.path(ordinal), _Visits()).add(removed_below.get(ordinal, 0))
    for path, visit in visits.items():
        visible = tree.ordinal(path)
        if visible is not None and not stack.is_directory(visible):
            visit.add(stack.size(visible))
    total = sum(sum(index.sizes) for index in stack.indexes) - replaced_within + sum(removed_below.values())
    surplus = sum(visit.total - visit.least for visit in visits.values())
    wasted = sum(visit.total for visit in visits.values() if visit.count > 1)
    return Efficiency((total - surplus) / total if total else 1.0, wasted)


def _sum_endings(tree: MergedTree) -> tuple[int, dict[int, int]]:
    """Bytes replaced within their own layer, and bytes below each directory by the whiteout that removed it."""
    stack = tree.stack
    replaced_within = 0
    below: dict[int, int] = {}
    directories: set[int] = set()
    for ended, ender in tree.endings:
        if ended < 0 or ender < 0:
            continue
        if stack.locate(ended)[0] == stack.locate(ender)[0]:
            replaced_within += stack.size(ended)
        elif stack.types[ender] == _WHITEOUT:
            below[ender] = below.get(ender, 0) + stack.size(ended)
            if stack.is_directory(ended) and stack.path(ended) == stack.path(ender):
                directories.add(ender)
    return replaced_within, {ordinal: size for ordinal, size in below.items() if ordinal in directories}


def _whiteouts(stack: LayerStack) -> list[int]:
    """Every whiteout of every layer."""
    found = []
    place = stack.types.find(_WHITEOUT)
    while place >= 0:
        found.append(place)
        place = stack.types.find(_WHITEOUT, place + 1)
    return found
