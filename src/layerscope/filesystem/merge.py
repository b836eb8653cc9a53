"""The layers of an image stacked as overlayfs does it, lowest layer first, in time linear in their entries."""

from array import array
from collections.abc import Sequence
from typing import Final

from layerscope.filesystem.changeset import Changeset
from layerscope.filesystem.endings import Endings
from layerscope.filesystem.shared_content import find_heirs
from layerscope.filesystem.stack import LayerStack
from layerscope.filesystem.tree import MergedTree
from layerscope.filesystem.unpack import unpack_layer
from layerscope.layers.entry import EntryType
from layerscope.layers.index import LayerIndex

_DIRECTORY: Final = EntryType.DIRECTORY.value
EMPTY_LAYER: Final = LayerIndex([], bytearray(), array("I"), [], array("Q"), array("q"), bytearray(), array("Q"))


def merge_layers(indexes: Sequence[LayerIndex]) -> MergedTree:
    """The root filesystem that a container sees, and what each layer hid of the layers below it.

    Two things differ between runtimes and are settled here. A directory that a layer makes without naming it keeps the
    attributes that a lower layer gave it, as containerd does; Docker's overlay2 resets them to 0755 and root. The
    extended attribute `trusted.overlay.opaque` in a tar is not obeyed, as in containerd; Docker's overlay2 obeys it.
    An opaque whiteout of the root hides nothing in either, since the kernel never asks a layer's root for one.
    """
    merge = _Merge(LayerStack.of(indexes))
    merge.apply_all(range(len(indexes)))
    return merge.finish()


def merge_pair(before: Sequence[LayerIndex], after: Sequence[LayerIndex]) -> tuple[MergedTree, MergedTree]:
    """The trees of two stacks of layers; what both have lowest, the very same indexes, is merged once."""
    pairs = zip(before, after, strict=False)
    shared = next((n for n, (one, other) in enumerate(pairs) if one is not other), min(len(before), len(after)))
    merge = _Merge(LayerStack.of(before))
    merge.apply_all(range(shared))
    fork = merge.fork(after)
    merge.apply_all(range(shared, len(before)))
    fork.apply_all(range(shared, len(after)))
    return merge.finish(), fork.finish()


def isolate_layer(indexes: Sequence[LayerIndex], layer: int) -> MergedTree:
    """The tree that one layer makes alone; its nodes keep the layer's number."""
    return merge_layers([*[EMPTY_LAYER] * layer, indexes[layer]])


class _Merge:
    """The tree so far. `ended` and `enders` pair entries with what overwrote, removed or superseded them."""

    def __init__(self, stack: LayerStack) -> None:
        self.nodes: dict[str, int] = {}
        self.children: dict[str, list[str]] = {}
        self.ended = array("q")
        self.enders = array("q")
        self._stack = stack

    def apply_all(self, layers: range) -> None:
        """Unpack these layers and put them on top, one after the other."""
        for layer in layers:
            self._apply(layer, unpack_layer(self._stack, layer, self.nodes))

    def fork(self, indexes: Sequence[LayerIndex]) -> "_Merge":
        """The tree so far, to go on with other layers; the lowest of them are those that were applied."""
        other = _Merge(self._stack.fork(indexes))
        other.nodes = self.nodes.copy()
        other.children = {directory: paths.copy() for directory, paths in self.children.items()}
        other.ended, other.enders = self.ended[:], self.enders[:]
        return other

    def finish(self) -> MergedTree:
        """The tree as it is now."""
        stack, nodes = self._stack, self.nodes
        stack.heirs.update(find_heirs(stack, lambda ordinal: nodes.get(stack.path(ordinal)) == ordinal))
        return MergedTree(self._stack, self.nodes, self.children, Endings.sorted(self.ended, self.enders))

    def _apply(self, layer: int, changes: Changeset) -> None:
        """Put a layer on top."""
        self._apply_marks(changes)
        for replaced, by in changes.replaced:
            self._end(replaced, by)
        self._replace_all(self._list_children(changes.siblings), changes.nodes, layer)
        for path in changes.implied:
            if path not in self.nodes:
                self.nodes[path] = self._stack.imply(layer, path)
        if self.nodes:
            self.nodes.update(changes.nodes)
        else:
            self.nodes = changes.nodes

    def _apply_marks(self, changes: Changeset) -> None:
        """Hide what the layer's whiteouts name; the tree holds lower layers only, so nothing else can be hidden."""
        touched = set()
        for path, by in changes.opaques:
            if path:
                self._hide_below(path, by)
        for path, by in changes.whiteouts:
            ordinal = self.nodes.pop(path, None)
            if ordinal is None:
                continue
            self._end(ordinal, by)
            self._hide_below(path, by)
            touched.add(path.rpartition("/")[0])
        for directory in touched:
            if directory in self.children:
                self.children[directory] = [path for path in self.children[directory] if path in self.nodes]

    def _list_children(self, siblings: dict[str, list[str]]) -> list[str]:
        """List the layer's paths in their directories; returns those that were there already."""
        nodes, children = self.nodes, self.children
        collisions: list[str] = []
        for directory, paths in siblings.items():
            present = children.get(directory)
            if not present:
                if paths:
                    children[directory] = paths
                continue
            fresh = [path for path in paths if path not in nodes]
            present.extend(fresh)
            if len(fresh) != len(paths):
                collisions.extend(path for path in paths if path in nodes)
        return collisions

    def _replace_all(self, paths: list[str], upper: dict[str, int], layer: int) -> None:
        """Put entries of a layer, or directories that none names, where something is already."""
        nodes, types, end, by = self.nodes, self._stack.types, self.ended.append, self.enders.append
        for path in paths:
            lower, ordinal = nodes[path], upper.get(path)
            if ordinal is None or lower < 0 or types[lower] == _DIRECTORY != types[ordinal]:
                self._replace(path, lower, ordinal, layer)
            else:
                end(lower)
                by(ordinal)

    def _replace(self, path: str, lower: int, ordinal: int | None, layer: int) -> None:
        """Put an entry, or a directory that none names, in place of another one, of which one is a directory."""
        lower_is_directory = self._stack.is_directory(lower)
        if ordinal is None:
            if lower_is_directory:
                return
            ordinal = self.nodes[path] = self._stack.imply(layer, path)
        elif lower_is_directory and self._stack.types[ordinal] != _DIRECTORY:
            self._hide_below(path, ordinal)
        self._end(lower, ordinal)

    def _hide_below(self, path: str, by: int) -> None:
        """Hide all that lies in a directory."""
        pending = [self.children.pop(path, None)]
        while pending:
            for child in pending.pop() or ():
                ordinal = self.nodes.pop(child, None)
                if ordinal is None:
                    continue  # a whiteout of the same layer took it already
                self._end(ordinal, by)
                below = self.children.pop(child, None)
                if below:
                    pending.append(below)

    def _end(self, ordinal: int, by: int) -> None:
        """Note what ended an entry."""
        self.ended.append(ordinal)
        self.enders.append(by)
