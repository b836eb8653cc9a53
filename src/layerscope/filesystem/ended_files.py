"""The files with content that the container does not see, grouped by who shipped them, who ended them, and how."""

from array import array
from collections.abc import Mapping
from typing import Final

from layerscope.filesystem.endings import Ending, Endings, judge_ending
from layerscope.filesystem.stack import LayerStack
from layerscope.layers.columns import NO_DIGEST
from layerscope.layers.entry import EntryType
from layerscope.layers.index import DIGEST_SIZE, LayerIndex

_FILE: Final = EntryType.FILE.value
_WHITEOUT: Final = EntryType.WHITEOUT.value

EndedFiles = Mapping[tuple[int, int, Ending], "array[int]"]
"""Positions in a layer's index, ascending, by (the layer, the layer that ended them, how)."""


def group_ended_files(stack: LayerStack, endings: Endings, kept: frozenset[int]) -> EndedFiles:
    """Group the ended files that are not empty; those of `kept` live on under another name.

    Tens of thousands of files are judged here in images of ordinary size, so the common cases are told inline, without
    an object for each; `judge_ending` has the rules.
    """
    groups: dict[tuple[int, int, Ending], array[int]] = {}
    types, starts = stack.types, stack.starts
    for layer, index in enumerate(stack.indexes):
        start, stop, sizes = starts[layer], starts[layer] + len(index), index.sizes
        by_layer, by_start, by_stop = layer, 0, 0
        for ended, ender in endings.between(start, stop):
            position = ended - start
            if not sizes[position] or types[ended] != _FILE or ended in kept:
                continue
            if ender >= by_stop or ender < by_start:
                by_layer = stack.locate(ender)[0]
                by_start, by_stop = starts[by_layer], starts[by_layer] + len(stack.indexes[by_layer])
            if ender >= 0 and types[ender] == _WHITEOUT:
                ending = Ending.REMOVED
            elif ender >= 0 and ender != ended and types[ender] == _FILE and not stack.moved:
                ending = _judge_file(index, position, stack.indexes[by_layer], ender - by_start)
            else:
                ending = judge_ending(stack, ended, ender) or Ending.REMOVED
            positions = groups.get((layer, by_layer, ending))
            if positions is None:
                positions = groups[layer, by_layer, ending] = array("I")
            positions.append(position)
    return groups


def _judge_file(lower: LayerIndex, position: int, upper: LayerIndex, by_position: int) -> Ending:
    """How one plain file ends another."""
    if lower.paths[position] != upper.paths[by_position]:
        return Ending.REMOVED
    at, by = position * DIGEST_SIZE, by_position * DIGEST_SIZE
    digest = lower.digests[at : at + DIGEST_SIZE]
    is_same = digest == upper.digests[by : by + DIGEST_SIZE] and digest != NO_DIGEST
    return Ending.METADATA if is_same and lower.sizes[position] == upper.sizes[by_position] else Ending.OVERWRITTEN
