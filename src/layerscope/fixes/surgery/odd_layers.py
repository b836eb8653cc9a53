"""Layers whose entries depend on their order: nobody could say what they would do without some of them."""

from typing import Final

from layerscope.filesystem.tree import MergedTree
from layerscope.fixes.surgery.whiteouts import list_above
from layerscope.layers.entry import EntryType
from layerscope.layers.index import LayerIndex

_PLACELESS: Final = frozenset({EntryType.DIRECTORY, EntryType.OPAQUE, EntryType.WHITEOUT})
"""What may share its path with a directory of its layer."""


def find_odd_layers(tree: MergedTree) -> frozenset[int]:
    """The layers in which entries replace each other, or lie below a link or a file of their own layer.

    With a hard link that leads nowhere, which no runtime unpacks, they are all odd: it might lead somewhere afterwards.
    """
    stack = tree.stack
    if stack.types.count(EntryType.HARDLINK) > len(stack.hard_links):
        return frozenset(range(len(stack.indexes)))
    odd = {stack.locate(ordinal)[0] for ordinal in (*stack.moved, *stack.linked_whiteouts)}
    for ended, ender in tree.endings:
        if ended >= 0:
            layer = stack.locate(ended)[0]
            if layer not in odd and stack.locate(ender)[0] == layer:
                odd.add(layer)
    odd.update(layer for layer, index in enumerate(stack.indexes) if layer not in odd and _has_folder_as_file(index))
    return frozenset(odd)


def _has_folder_as_file(index: LayerIndex) -> bool:
    """Whether something lies below an entry that is no directory, or marks it opaque."""
    folders: set[str] = set()
    for directory, _, _ in index.iter_runs():
        if directory not in folders:
            folders.update(list_above(directory))
    opaque = {path for path, kind in zip(index.paths, index.types, strict=True) if kind == EntryType.OPAQUE}
    folders |= opaque
    return any(
        path in folders and (kind not in _PLACELESS or (kind == EntryType.WHITEOUT and path in opaque))
        for path, kind in zip(index.paths, index.types, strict=True)
    )
