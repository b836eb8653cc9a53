"""What edits mean of the entries that layers hide, and which directories took over others."""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from layerscope.filesystem.endings import Ending, judge_ending
from layerscope.filesystem.tree import MergedTree
from layerscope.layers.entry import EntryType
from layerscope.rules.layer_edit import DropHidden

_DIRECTORY: Final = EntryType.DIRECTORY.value


class HiddenPair(NamedTuple):
    """An entry, what ended it and how, and the edit that means it."""

    ended: int
    ender: int
    ending: Ending
    edit: DropHidden


def iter_hidden(tree: MergedTree, edits: Iterable[DropHidden]) -> Iterator[HiddenPair]:
    """What the layers of these edits ended of the layers below, as they mean it; directories that live on are none."""
    stack = tree.stack
    wanted = {(edit.layer, Ending(edit.ending)): edit for edit in edits}
    layers = {layer for layer, _ in wanted}
    limits = [stack.limits(layer) for layer in layers]
    for ended, ender in tree.endings:
        if ended < 0 or ended == ender:
            continue
        if ender >= 0 and not any(start <= ender < stop for start, stop in limits):
            continue
        by = stack.locate(ender)[0]
        if by not in layers or stack.locate(ended)[0] == by:
            continue
        ending = judge_ending(stack, ended, ender)
        if ending is not None and (by, ending) in wanted:
            yield HiddenPair(ended, ender, ending, wanted[by, ending])


def list_superseded(tree: MergedTree) -> dict[int, list[int]]:
    """The directories that other entries of the same directory took over, by those."""
    found: dict[int, list[int]] = {}
    types = tree.stack.types
    for ended, ender in tree.endings:
        if ended >= 0 and ender >= 0 and types[ended] == types[ender] == _DIRECTORY:
            found.setdefault(ender, []).append(ended)
    return found
