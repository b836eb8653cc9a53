"""Layers that stay bit for bit although something in them is hidden: the base image's, and those that give too little.

Whoever has a layer need not store and pull it again as long as it stays what it is.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from layerscope.filesystem.endings import Ending
from layerscope.filesystem.stack import LayerStack
from layerscope.fixes.surgery.hidden_pairs import HiddenPair
from layerscope.layers.entry import EntryType
from layerscope.rules.layer_edit import DropHidden
from layerscope.rules.wording import tell_size

LEAST_SIZE: Final = 1_000_000
LEAST_SHARE: Final = 0.01
"""A layer of a megabyte or more that gives less than this, and less than this part of it, is not written anew."""

OPTION: Final = "--every-layer"

_FILE: Final = EntryType.FILE.value


@dataclass(frozen=True)
class SparedLayer:
    """A layer that stays, its bytes of content, and those that edits meant, by edit."""

    layer: int
    size: int
    meant: Mapping[DropHidden, int]
    is_of_base: bool

    def tell(self) -> str:
        """Why it stays, and what helps."""
        meant = tell_size(sum(self.meant.values()))
        if self.is_of_base:
            return f"layer {self.layer} is of the base image and stays, with {meant} that is hidden; {OPTION} takes it"
        return f"layer {self.layer} stays: only {meant} of its {tell_size(self.size)} would go; {OPTION} takes it"


def find_kept(
    stack: LayerStack, pairs: Sequence[HiddenPair], *, base_layers: int, rewritten: AbstractSet[int]
) -> frozenset[int]:
    """The layers that stay as they are, but for those that are `rewritten` anyhow.

    Copies of one content, of which one gets the attributes of another, count for the layers of both. What is no
    content, directories and whiteouts, is no reason to write a layer anew.
    """
    sizes = {layer: _sum_layer(stack, layer) for layer in range(len(stack.indexes)) if layer not in rewritten}
    kept = {layer for layer in sizes if layer < base_layers}
    before = -1
    while before != len(kept):
        before = len(kept)
        given: Counter[int] = Counter()
        for pair in pairs:
            if kept.isdisjoint(layers := _list_layers(stack, pair)):
                given.update(dict.fromkeys(layers, stack.size(pair.ended)))
        kept |= {layer for layer, size in sizes.items() if layer not in kept and _is_too_little(given[layer], size)}
    return frozenset(kept)


def list_spared(
    stack: LayerStack, pairs: Sequence[HiddenPair], kept: AbstractSet[int], *, base_layers: int
) -> tuple[SparedLayer, ...]:
    """Those of the layers that are kept in which edits mean something, the lowest first."""
    sums: dict[int, Counter[DropHidden]] = {}
    for pair in pairs:
        layer, size = stack.locate(pair.ended)[0], stack.size(pair.ended)
        if layer in kept and size:
            sums.setdefault(layer, Counter())[pair.edit] += size
    return tuple(
        SparedLayer(layer, _sum_layer(stack, layer), dict(sums[layer]), layer < base_layers) for layer in sorted(sums)
    )


def _is_too_little(given: int, size: int) -> bool:
    """Whether a layer with that much content is not worth writing anew for what it gives."""
    return size >= LEAST_SIZE and given < min(LEAST_SIZE, LEAST_SHARE * size)


def _sum_layer(stack: LayerStack, layer: int) -> int:
    """The bytes of content that a layer ships."""
    start, stop = stack.limits(layer)
    return sum(stack.sizes[each] for each in range(start, stop) if stack.types[each] == _FILE)


def touches(stack: LayerStack, pair: HiddenPair, layers: AbstractSet[int]) -> bool:
    """Whether what a pair means changes one of these layers."""
    return not layers.isdisjoint(_list_layers(stack, pair))


def _list_layers(stack: LayerStack, pair: HiddenPair) -> set[int]:
    """The layers that change where the lower entry goes: of copies, one has to get what the other says."""
    entries = (pair.ended, pair.ender) if pair.ending is Ending.METADATA else (pair.ended,)
    return {stack.locate(each)[0] for each in entries}
