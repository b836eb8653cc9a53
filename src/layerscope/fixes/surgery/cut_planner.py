"""From edits to cuts: which entries of which layers go, so that the container sees what it saw, but for what is named.

Whatever is dropped must neither take content away that a hard link still shows, nor bring back what it hid.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cached_property
from typing import Final

from layerscope.filesystem.endings import Ending
from layerscope.filesystem.stack import LayerStack
from layerscope.filesystem.tree import MergedTree
from layerscope.fixes.surgery.cuts import Attributes, ImageCuts, LayerCuts
from layerscope.fixes.surgery.dependents import find_dependents
from layerscope.fixes.surgery.gone_paths import find_gone
from layerscope.fixes.surgery.hidden_pairs import HiddenPair, iter_hidden, list_superseded
from layerscope.fixes.surgery.named_paths import find_named_paths, is_at_or_below, tell_stayed
from layerscope.fixes.surgery.odd_layers import find_odd_layers
from layerscope.fixes.surgery.spared_layers import SparedLayer, find_kept, list_spared, touches
from layerscope.fixes.surgery.whiteouts import find_idle_whiteouts, list_above
from layerscope.layers.entry import WHITEOUTS, EntryType
from layerscope.rules.layer_edit import DropHidden, LayerEdit

_FILE: Final = EntryType.FILE.value
_DIRECTORY: Final = EntryType.DIRECTORY.value


def plan_cuts(
    tree: MergedTree,
    edits: Iterable[LayerEdit],
    replaced: AbstractSet[str] = frozenset(),
    *,
    base_layers: int = 0,
    every_layer: bool = False,
) -> ImageCuts:
    """The cuts that do what the edits ask for; of the `replaced` files, only what is visible is left for now.

    What is hidden stays in the lowest `base_layers`, and where a layer would give too little, unless it is to go from
    `every_layer`.
    """
    edits = tuple(edits)
    planner = _CutPlanner(tree)
    planner.drop_older(replaced)
    named = find_named_paths(tree, edits)
    hidden = [edit for edit in edits if isinstance(edit, DropHidden)]
    planner.drop_hidden(hidden, named, None if every_layer else base_layers)
    planner.drop_named(named)
    return planner.finish()


class _CutPlanner:
    """Entries that go, by ordinal, and what others get instead."""

    def __init__(self, tree: MergedTree) -> None:
        self._tree = tree
        self._stack: LayerStack = tree.stack
        self._dropped: set[int] = set()
        self._given: dict[int, int] = {}
        self._named: frozenset[str] = frozenset()
        self._replaced: AbstractSet[str] = frozenset()
        self._left: list[str] = []
        self._spared: tuple[SparedLayer, ...] = ()
        self._kept_layers: frozenset[int] = frozenset()
        self._links = find_dependents(tree.stack)

    def drop_older(self, paths: AbstractSet[str]) -> None:
        """Drop what these paths held before; what is visible there is no copy of anything any more."""
        self._replaced = paths
        older = self._tree.endings.ended if paths else ()
        files = (each for each in older if each >= 0 and self._stack.types[each] == _FILE)
        self._dropped.update(each for each in files if self._stack.path(each) in paths)

    def drop_hidden(self, edits: Iterable[DropHidden], named: frozenset[str], base_layers: int | None) -> None:
        """Drop what these edits mean; of copies with the same content, one stays.

        With `base_layers`, layers that are not worth it stay as they are, where no path is `named` for which they have
        to change.
        """
        pairs = list(iter_hidden(self._tree, edits))
        if base_layers is not None:
            self._spare(pairs, named, base_layers)
        copies: dict[int, int] = {}
        for pair in pairs:
            if touches(self._stack, pair, self._kept_layers):
                continue
            if pair.ending is not Ending.METADATA:
                self._drop(pair.ended)
            elif self._stack.types[pair.ended] == _FILE and self._stack.path(pair.ended) not in self._replaced:
                copies[pair.ended] = pair.ender
        self._keep_linked()
        for first in copies.keys() - copies.values():
            self._join_copies(first, copies)

    def _spare(self, pairs: Sequence[HiddenPair], named: frozenset[str], base_layers: int) -> None:
        """Decide which layers stay as they are."""
        changed = (*self._dropped, *self._iter_below(named))
        rewritten = {self._stack.locate(each)[0] for each in changed}
        self._kept_layers = find_kept(self._stack, pairs, base_layers=base_layers, rewritten=rewritten)
        self._spared = list_spared(self._stack, pairs, self._kept_layers, base_layers=base_layers)
        self._left += [each.tell() for each in self._spared]

    def drop_named(self, paths: frozenset[str]) -> None:
        """Drop every entry at or below these paths from every layer, but for paths of which not all can go."""
        meant = {ordinal: named for ordinal in self._iter_below(paths) if (named := self._list_named(ordinal, paths))}
        blocked = {path for ordinal, named in meant.items() if self._is_needed(ordinal, paths) for path in named}
        self._left += tell_stayed(blocked)
        self._named = paths - blocked
        self._dropped.update(ordinal for ordinal, named in meant.items() if not blocked.issuperset(named))

    def _iter_below(self, paths: frozenset[str]) -> Iterator[int]:
        """The entries of all layers that may lie at or below these paths."""
        if not paths:
            return
        for layer, index in enumerate(self._stack.indexes):
            start = self._stack.starts[layer]
            for directory, first, stop in index.iter_runs():
                is_within = is_at_or_below(directory, paths)
                yield from (start + place for place in range(first, stop) if is_within or index.paths[place] in paths)
        yield from self._stack.moved

    def _list_named(self, ordinal: int, paths: frozenset[str]) -> set[str]:
        """Which of these paths an entry lies at or below, be it by its name or where it was put."""
        path = self._stack.path(ordinal)
        layer, position = self._stack.locate(ordinal)
        return (list_above(path) | list_above(self._stack.indexes[layer].paths[position])) & paths

    def _is_needed(self, ordinal: int, paths: frozenset[str]) -> bool:
        """Whether an entry cannot go: a hard link elsewhere has its content, or its layer is left as it is."""
        if self._stack.locate(ordinal)[0] in self._odd:
            return True
        return any(not is_at_or_below(self._stack.path(link), paths) for link in self._links.get(ordinal, ()))

    def finish(self) -> ImageCuts:
        """The cuts, with the whiteouts that have nothing left to hide."""
        before = -1
        while before != len(self._dropped):
            before = len(self._dropped)
            self._leave_odd_layers()
            self._keep_linked()
            self._keep_lids()
            self._inherit_from_links()
        left = self._odd | self._kept_layers
        idle = find_idle_whiteouts(self._tree, self._dropped)
        self._dropped |= {each for each in idle if self._stack.locate(each)[0] not in left}
        given = {lower: upper for lower, upper in self._given.items() if lower not in self._dropped}
        gone, named = find_gone(self._tree, self._dropped, self._named, left=self._odd)
        self._left += tell_stayed(path for path in self._named if path in self._tree and path not in gone)
        dropped: list[set[int]] = [set() for _ in self._stack.indexes]
        for ordinal in self._dropped:
            layer, position = self._stack.locate(ordinal)
            dropped[layer].add(position)
        per_layer = tuple(self._cut(layer, positions, given, named) for layer, positions in enumerate(dropped))
        saved = sum(map(self._stack.size, (each for each in self._dropped if self._stack.types[each] == _FILE)))
        return ImageCuts(per_layer, gone, saved, tuple(self._left), spared=self._spared)

    def _cut(
        self, layer: int, dropped: AbstractSet[int], given: dict[int, int], unnamed: Mapping[str, int]
    ) -> LayerCuts:
        start, stop = self._stack.limits(layer)
        attributes = {
            each - start: self._attributes(each, giver) for each, giver in given.items() if start <= each < stop
        }
        index = self._stack.indexes[layer]
        time = max((index.mtimes_ns[position] for position in dropped), default=0)
        named = {path: time for path, maker in unnamed.items() if maker == layer}
        return LayerCuts(frozenset(dropped), attributes, named)

    def _attributes(self, ordinal: int, giver: int) -> Attributes:
        """What the header of another entry says; a hard link says nothing of extended attributes."""
        layer, position = self._stack.locate(giver)
        index = self._stack.indexes[layer]
        mode, uid, gid = index.attribute(position)
        owner, place = (layer, position) if self._stack.types[giver] == _FILE else self._stack.locate(ordinal)
        xattrs = self._stack.indexes[owner].xattrs.get(place, {})
        return Attributes(mode, uid, gid, index.mtimes_ns[position], xattrs)

    @cached_property
    def _odd(self) -> frozenset[int]:
        """The layers whose entries depend on their order."""
        return find_odd_layers(self._tree)

    def _leave_odd_layers(self) -> None:
        """Take back what lies in odd layers, of which nobody could say what they would do without it."""
        for layer in sorted(self._odd):
            start, stop = self._stack.limits(layer)
            kept = [each for each in self._dropped if start <= each < stop]
            for ordinal in kept:
                self._keep(ordinal)
            if kept:
                self._left.append(f"layer {layer}: its entries replace each other, so that it is left as it is")

    def _inherit_from_links(self) -> None:
        """Give content that stays, and its links, the attributes of its last link, where that goes: one sets all."""
        for content, link in self._stack.attributes.items():
            if link in self._dropped and content not in self._dropped:
                if self._is_odd(content):
                    self._keep(link)
                else:
                    layer, _ = self._stack.locate(link)
                    others = (each for each in self._links[content] if self._stack.locate(each)[0] == layer)
                    self._given.update(dict.fromkeys((content, *others), link))

    def _keep_lids(self) -> None:
        """Take back files that hid a directory and made room for another one, which would show it again."""
        stack = self._stack
        for hidden, lid in self._tree.endings:
            if lid not in self._dropped or stack.is_directory(lid):
                continue
            if hidden in self._dropped and not stack.is_directory(hidden):
                continue
            if not is_at_or_below(stack.path(lid), self._named):
                self._keep_last_lid(lid)

    def _keep_last_lid(self, lid: int) -> None:
        """Of files that replaced each other before a directory came, take back the last."""
        ender = self._tree.endings.ender(lid)
        while ender is not None and ender in self._dropped and not self._stack.is_directory(ender):
            lid, ender = ender, self._tree.endings.ender(ender)
        if ender is not None and self._stack.is_directory(ender):
            self._keep(lid)

    def _drop(self, ordinal: int) -> None:
        """Drop an entry; with a directory go the entries of lower layers for the same one, which it had taken over."""
        pending = [ordinal]
        while pending:
            dropped = pending.pop()
            self._dropped.add(dropped)
            if self._stack.types[dropped] == _DIRECTORY:
                lower = (each for each in self._superseded.get(dropped, ()) if each not in self._dropped)
                pending.extend(each for each in lower if self._stack.locate(each)[0] not in self._kept_layers)

    @cached_property
    def _superseded(self) -> dict[int, list[int]]:
        return list_superseded(self._tree)

    def _keep_linked(self) -> None:
        """Take back what hard links that stay still need, with what hides it."""
        for content, links in self._links.items():
            if content in self._dropped and not all(link in self._dropped for link in links):
                self._keep(content)

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
        elif any(each in self._links or self._is_odd(each) for each in chain) or any(map(self._is_renewed, chain[1:])):
            self._dropped.update(each for each in chain[:-1] if each not in self._links)
        else:
            self._dropped.update(chain[1:])
            self._given[first] = last

    def _is_renewed(self, ordinal: int) -> bool:
        """Whether the layer of an entry hides what was at its path before, so that the entry has to be there."""
        layer = self._stack.locate(ordinal)[0]
        return is_at_or_below(self._stack.path(ordinal), self._marks[layer])

    @cached_property
    def _marks(self) -> list[set[str]]:
        """The paths that each layer hides, and the directories below which it hides all."""
        return [
            {path for path, kind in zip(index.paths, index.types, strict=True) if kind in WHITEOUTS}
            for index in self._stack.indexes
        ]

    def _is_odd(self, ordinal: int) -> bool:
        """Whether an entry cannot get other attributes, or cannot give them, or cannot go."""
        layer, position = self._stack.locate(ordinal)
        if layer in self._kept_layers:
            return True
        is_plain = self._stack.types[ordinal] == _FILE and position not in self._stack.indexes[layer].sparse
        return layer in self._odd or not is_plain
