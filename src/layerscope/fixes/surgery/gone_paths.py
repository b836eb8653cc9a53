"""What the container no longer sees after cuts, and which directories need an entry of their own then."""

from collections.abc import Set as AbstractSet

from layerscope.filesystem.stack import LayerStack
from layerscope.filesystem.tree import MergedTree
from layerscope.fixes.surgery.named_paths import is_at_or_below
from layerscope.fixes.surgery.whiteouts import list_above


def find_gone(
    tree: MergedTree, dropped: AbstractSet[int], named: AbstractSet[str], *, left: AbstractSet[int]
) -> tuple[frozenset[str], dict[str, int]]:
    """The visible paths that go, and the directories that stay although nothing names them any more, by layer.

    Layers that are `left` as they are name what they did.
    """
    stack = tree.stack
    gone: set[str] = set()
    implied: dict[str, int] = {}
    alive: set[str] = set()
    for path, ordinal in tree.walk_ordinals():
        if ordinal < 0 and (layer := stack.locate(ordinal)[0]) not in left:
            implied[path] = layer
        elif ordinal in dropped and is_at_or_below(path, named):
            gone.add(path)
        else:
            alive.update(list_above(path))
    emptied = {path: layer for path, layer in implied.items() if path not in alive}
    unwanted = {path for path in emptied if is_at_or_below(path, named)}
    lost = _list_lost(stack, dropped) if emptied.keys() - unwanted else frozenset()
    return frozenset(gone | unwanted), {
        path: layer for path, layer in emptied.items() if path not in unwanted and (layer, path) in lost
    }


def _list_lost(stack: LayerStack, dropped: AbstractSet[int]) -> frozenset[tuple[int, str]]:
    """The directories, by layer, that lose something."""
    places = {(stack.locate(each)[0], stack.path(each).rpartition("/")[0]) for each in dropped}
    return frozenset((layer, above) for layer, directory in places for above in list_above(directory))
