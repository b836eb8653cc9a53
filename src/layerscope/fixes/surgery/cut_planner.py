"""From edits to cuts: which entries of which layers go, so that the container sees what it saw, but for what is named.

Whatever is dropped must neither take content away that a hard link still shows, nor bring back what it hid.
"""

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from functools import cached_property
from typing import Final

from layerscope.filesystem.endings import Ending, judge_ending
from layerscope.filesystem.stack import LayerStack
from layerscope.filesystem.tree import MergedTree
from layerscope.fixes.surgery.cuts import Attributes, ImageCuts, LayerCuts
from layerscope.fixes.surgery.named_paths import find_named_paths, is_at_or_below
from layerscope.fixes.surgery.whiteouts import find_idle_whiteouts, list_above
from layerscope.layers.entry import EntryType
from layerscope.rules.layer_edit import DropHidden, LayerEdit

_FILE: Final = EntryType.FILE.value
_DIRECTORY: Final = EntryType.DIRECTORY.value


def plan_cuts(tree: MergedTree, edits: Iterable[LayerEdit]) -> ImageCuts:
    """The cuts that do what the edits ask for."""
    edits = tuple(edits)
    planner = _CutPlanner(tree)
    planner.drop_hidden({(edit.layer, Ending(edit.ending)) for edit in edits if isinstance(edit, DropHidden)})
    planner.drop_named(find_named_paths(tree, edits))
    return planner.finish()


class _CutPlanner:
    """Entries that go, by ordinal, and what others get instead."""

    def __init__(self, tree: MergedTree) -> None:
        self._tree = tree
        self._stack: LayerStack = tree.stack
        self._dropped: set[int] = set()
        self._given: dict[int, int] = {}
        self._named: frozenset[str] = frozenset()
        self._left: list[str] = []
        self._links: dict[int, list[int]] = {}
        for link, content in tree.stack.hard_links.items():
            self._links.setdefault(content, []).append(link)

    def drop_hidden(self, wanted: set[tuple[int, Ending]]) -> None:
        """Drop what these layers end in these ways; of copies with the same content, one stays."""
        copies: dict[int, int] = {}
        for ended, ender, ending in self._iter_endings({layer for layer, _ in wanted}):
            if (self._stack.locate(ender)[0], ending) not in wanted:
                continue
            if ending is not Ending.METADATA:
                self._drop(ended)
            elif self._stack.types[ended] == _FILE:
                copies[ended] = ender
        self._keep_linked()
        for first in copies.keys() - copies.values():
            self._join_copies(first, copies)

    def drop_named(self, paths: frozenset[str]) -> None:
        """Drop every entry at or below these paths from every layer."""
        self._named = paths
        if not paths:
            return
        before = set(self._dropped)
        for layer, index in enumerate(self._stack.indexes):
            start = self._stack.starts[layer]
            for directory, first, stop in index.iter_runs():
                if is_at_or_below(directory, paths):
                    self._dropped.update(range(start + first, start + stop))
                    continue
                self._dropped.update(start + place for place in range(first, stop) if index.paths[place] in paths)
        moved = ((ordinal, path) for ordinal, path in self._stack.moved.items() if is_at_or_below(path, paths))
        self._dropped.update(ordinal for ordinal, _ in moved)
        for ordinal in self._keep_linked():
            if ordinal not in before and self._tree.ordinal(self._stack.path(ordinal)) == ordinal:
                shown = next(link for link in self._links[ordinal] if link not in self._dropped)
                self._left.append(f"/{self._stack.path(ordinal)}: /{self._stack.path(shown)} is a hard link to it")

    def finish(self) -> ImageCuts:
        """The cuts, with the whiteouts that have nothing left to hide."""
        self._dropped |= find_idle_whiteouts(self._tree, self._dropped)
        given = {lower: upper for lower, upper in self._given.items() if lower not in self._dropped}
        gone = frozenset(
            path
            for path, ordinal in self._tree.walk_ordinals()
            if (ordinal < 0 or ordinal in self._dropped) and is_at_or_below(path, self._named)
        )
        named = self._find_unnamed(gone)
        per_layer = tuple(self._cut(layer, given, named) for layer in range(len(self._stack.indexes)))
        saved = sum(map(self._stack.size, (each for each in self._dropped if self._stack.types[each] == _FILE)))
        return ImageCuts(per_layer, gone, saved, tuple(sorted(self._left)))

    def _find_unnamed(self, gone: AbstractSet[str]) -> dict[str, int]:
        """The visible directories that no entry names and in which nothing is left, which are there all the same."""
        unnamed: dict[str, int] = {}
        alive: set[str] = set()
        for path, ordinal in self._tree.walk_ordinals():
            if path in gone:
                continue
            if ordinal < 0:
                unnamed[path] = self._stack.locate(ordinal)[0]
            else:
                alive.update(list_above(path))
        return {path: layer for path, layer in unnamed.items() if path not in alive}

    def _cut(self, layer: int, given: dict[int, int], unnamed: Mapping[str, int]) -> LayerCuts:
        start, stop = self._stack.limits(layer)
        dropped = frozenset(each - start for each in self._dropped if start <= each < stop)
        attributes = {each - start: self._attributes(upper) for each, upper in given.items() if start <= each < stop}
        index = self._stack.indexes[layer]
        time = max((index.mtimes_ns[position] for position in dropped), default=0)
        return LayerCuts(dropped, attributes, {path: time for path, maker in unnamed.items() if maker == layer})

    def _attributes(self, ordinal: int) -> Attributes:
        """What the header of an entry says."""
        layer, position = self._stack.locate(ordinal)
        index = self._stack.indexes[layer]
        mode, uid, gid = index.attribute(position)
        return Attributes(mode, uid, gid, index.mtimes_ns[position], index.xattrs.get(position, {}))

    def _iter_endings(self, layers: set[int]) -> Iterator[tuple[int, int, Ending]]:
        """What these layers ended of the layers below, by what, and how; directories that live on are none."""
        stack = self._stack
        limits = [stack.limits(layer) for layer in layers]
        for ended, ender in self._tree.endings:
            if ended < 0 or ended == ender:
                continue
            if ender >= 0 and not any(start <= ender < stop for start, stop in limits):
                continue
            by = stack.locate(ender)[0]
            if by not in layers or stack.locate(ended)[0] == by:
                continue
            ending = judge_ending(stack, ended, ender)
            if ending is not None:
                yield ended, ender, ending

    def _drop(self, ordinal: int) -> None:
        """Drop an entry; with a directory go the entries of lower layers for the same one, which it had taken over."""
        pending = [ordinal]
        while pending:
            dropped = pending.pop()
            self._dropped.add(dropped)
            if self._stack.types[dropped] == _DIRECTORY:
                pending.extend(each for each in self._superseded.get(dropped, ()) if each not in self._dropped)

    @cached_property
    def _superseded(self) -> dict[int, list[int]]:
        """The directories that other entries of the same directory took over, by those."""
        found: dict[int, list[int]] = {}
        types = self._stack.types
        for ended, ender in self._tree.endings:
            if ended >= 0 and ender >= 0 and types[ended] == types[ender] == _DIRECTORY:
                found.setdefault(ender, []).append(ended)
        return found

    def _keep_linked(self) -> list[int]:
        """Take back what hard links that stay still need, with what hides it; returns what was taken back."""
        kept = [each for each, links in self._links.items() if each in self._dropped and not self._has_gone(links)]
        for ordinal in kept:
            self._keep(ordinal)
        return kept

    def _has_gone(self, links: Iterable[int]) -> bool:
        return all(link in self._dropped for link in links)

    def _keep(self, ordinal: int) -> None:
        """Take an entry back, and what lies over it, which would show it otherwise."""
        current: int | None = ordinal
        while current is not None and current in self._dropped:
            self._dropped.discard(current)
            current = self._tree.endings.ender(current)

    def _join_copies(self, first: int, copies: dict[int, int]) -> None:
        """Of copies of one content, keep the first with the attributes of the last; where that cannot be, the last."""
        chain = [first]
        while chain[-1] in copies:
            chain.append(copies[chain[-1]])
        last = chain[-1]
        if last in self._dropped:
            self._dropped.update(each for each in chain if each not in self._links)
        elif any(each in self._links or each in self._stack.moved or self._is_sparse(each) for each in chain):
            self._dropped.update(each for each in chain[:-1] if each not in self._links)
        else:
            self._dropped.update(chain[1:])
            self._given[first] = last

    def _is_sparse(self, ordinal: int) -> bool:
        layer, position = self._stack.locate(ordinal)
        return position in self._stack.indexes[layer].sparse
