"""From a range of layers to one: what is visible after the last of them, and whiteouts for what it hides below."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NoReturn, TypeVar

from layerscope.errors import UsageError
from layerscope.filesystem.merge import merge_layers
from layerscope.filesystem.node import Node
from layerscope.fixes.surgery.cuts import Attributes, ImageCuts, LayerCuts, LayerMerge, Range
from layerscope.fixes.surgery.edited_index import NOWHERE, EditedIndex, edit_index
from layerscope.fixes.surgery.odd_layers import find_odd_layers
from layerscope.layers.entry import EntryType
from layerscope.layers.index import LayerIndex

_Value = TypeVar("_Value")


def plan_merge(indexes: Sequence[LayerIndex], cuts: ImageCuts, merged: Range) -> ImageCuts:
    """The cuts after which these layers are one; raises UsageError where they cannot be."""
    if not 0 <= merged.first < merged.last < len(indexes):
        raise UsageError(
            f"merging layers {merged}: expected two of the layers 0 to {len(indexes) - 1}, lower one first"
        )
    edited = [edit_index(index, cut) for index, cut in zip(indexes, cuts.layers[: merged.last + 1], strict=False)]
    planner = _MergePlanner(edited, merged)
    layers = list(cuts.layers)
    for layer in merged.layers:
        layers[layer] = planner.cut(layer, cuts.layers[layer])
    plan = LayerMerge(merged, planner.directories, planner.find_whiteouts())
    return replace(cuts, layers=tuple(layers), merge=plan)


class _MergePlanner:
    """The trees below the range and after it, and which of its entries make the difference."""

    def __init__(self, edited: Sequence[EditedIndex], merged: Range) -> None:
        self._edited, self._range = edited, merged
        self._below = merge_layers([each.index for each in edited[: merged.first]])
        self._tree = merge_layers([each.index for each in edited])
        self._stack = self._tree.stack
        self._start = self._stack.starts[merged.first]
        self._check_order()
        self._kept: set[int] = set()
        self.directories: dict[str, Attributes] = {}
        self._given: dict[int, Attributes] = {}
        self._names: dict[int, str] = {}
        self._targets: dict[int, str] = {}
        self._keep_visible()
        self._link_anew()

    def _check_order(self) -> None:
        odd = sorted(find_odd_layers(self._tree) & set(self._range.layers))
        if odd:
            self._refuse(f"the entries of layer {odd[0]} replace each other, or a hard link leads nowhere")

    def _refuse(self, why: str) -> NoReturn:
        raise UsageError(f"merging layers {self._range}: {why}; expected layers that do not depend on their order")

    def _keep_visible(self) -> None:
        """Note what the range brings that is visible after it; directories get new entries, which stand first."""
        for path, ordinal in self._tree.walk_ordinals():
            if self._stack.locate(ordinal)[0] < self._range.first:
                continue
            if self._stack.is_directory(ordinal):
                self.directories[path] = self._tell_attributes(Node(path, ordinal, self._stack))
            else:
                self._kept.add(ordinal)

    def _tell_attributes(self, node: Node) -> Attributes:
        """What a container sees; a directory that no entry names was made when the last entry of its layer was."""
        time = node.mtime_ns if node.mtime_ns is not None else max(node.index.mtimes_ns, default=0)
        return Attributes(node.mode, node.uid, node.gid, time, node.xattrs)

    def _link_anew(self) -> None:
        """Have the visible hard links of each content lead to one that is there, with the attributes they share."""
        stack = self._stack
        links: dict[int, list[int]] = {}
        for link, content in sorted(stack.hard_links.items()):
            links.setdefault(content, []).append(link)
        for content, all_links in links.items():
            if all_links[-1] < self._start:
                continue
            group = [each for each in (content, *all_links) if self._tree.ordinal(stack.path(each)) == each]
            if group and group[-1] >= self._start:
                self._join(content, group)
                layers = {stack.locate(each)[0] for each in group}
                if content >= self._start and (len(group) <= len(all_links) or len(layers) > 1):
                    self._share(content, group)

    def _join(self, content: int, group: Sequence[int]) -> None:
        """Have what shares a content lead to the first path of it that is visible."""
        first, stack = group[0], self._stack
        path = stack.path(first)
        if content < self._start and self._below.ordinal(path) != first:
            self._refuse(f"a hard link leads to /{stack.path(content)} below them, which is hidden later")
        if content >= self._start and first != content:
            self._kept.discard(first)
            self._kept.add(content)
            self._names[content] = path
        for link in group[1:]:
            if link >= self._start and self._written_target(link) != path:
                self._targets[link] = path

    def _written_target(self, link: int) -> str | None:
        layer, position = self._stack.locate(link)
        return self._stack.indexes[layer].links.get(position)

    def _share(self, content: int, group: Sequence[int]) -> None:
        """Give all headers of a content the attributes that a container sees: the last one in a layer sets them."""
        layer, position = self._stack.locate(content)
        attributes = self._tell_attributes(Node(self._stack.path(group[0]), group[0], self._stack))
        changed = {each for each in (content, *group) if each in self._kept}
        if content in changed and position in self._stack.indexes[layer].sparse:
            self._refuse(f"a hard link of a file with holes, /{self._stack.path(content)}, is hidden later")
        self._given.update(dict.fromkeys(changed, attributes))

    def cut(self, layer: int, before: LayerCuts) -> LayerCuts:
        """The cuts of one layer, by its old positions."""
        start, stop = self._stack.limits(layer)
        positions = self._edited[layer].positions
        kept = {positions[each - start] for each in self._kept if start <= each < stop} - {NOWHERE}
        gone = frozenset(range(max(positions, default=NOWHERE) + 1)) - kept
        return replace(
            before,
            dropped=before.dropped | gone,
            given={**before.given, **self._take(self._given, layer)},
            named={},
            names=self._take(self._names, layer),
            targets=self._take(self._targets, layer),
        )

    def _take(self, changes: Mapping[int, _Value], layer: int) -> dict[int, _Value]:
        """What is said of a layer's entries, by their old positions."""
        start, stop = self._stack.limits(layer)
        positions = self._edited[layer].positions
        return {positions[each - start]: value for each, value in changes.items() if start <= each < stop}

    def find_whiteouts(self) -> tuple[str, ...]:
        """What lies below the range, and not in a folder that is gone as well, and is not visible after it."""
        return tuple(path for path in self._below.walk_paths() if path not in self._tree and self._has_folder(path))

    def _has_folder(self, path: str) -> bool:
        above = self._tree.get(path.rpartition("/")[0])
        return above is not None and above.type is EntryType.DIRECTORY
