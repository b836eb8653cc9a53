"""Weight: how many bytes of file content an image ships, and how many of them the container sees."""

from dataclasses import dataclass

from msgspec import Struct

from layerscope.filesystem.efficiency import measure_efficiency
from layerscope.filesystem.endings import Ending
from layerscope.filesystem.tree import MergedTree


class LayerWeight(Struct, frozen=True):
    """Bytes of file content that lie in one layer: `total` is `visible` + `hidden` + `removed`.

    `repeated` is a part of `visible`, `metadata_copies` one of `hidden`. `hides` counts bytes of lower layers that this
    layer hides or removes: what it makes the image ship in vain.
    """

    total: int
    visible: int
    hidden: int
    removed: int
    repeated: int
    metadata_copies: int
    hides: int

    @property
    def wasted(self) -> int:
        """Bytes that are shipped and that the container does not see."""
        return self.hidden + self.removed


class Weight(Struct, frozen=True):
    """Bytes of file content in all layers: `total` is `visible` + `hidden` + `removed`.

    `hidden` lies under another entry at the same path, of which `metadata_copies` under the same content again (a chmod
    or chown that ships a file twice); `removed` lies under a whiteout, or something of another type took its place.
    `repeated`, a part of `visible`, is content that occurs at other visible paths too, counted beyond the first; hard
    links cost nothing. `efficiency` and `dive_wasted` are dive's score and wasted bytes (see `measure_efficiency`).
    """

    total: int
    visible: int
    hidden: int
    removed: int
    repeated: int
    metadata_copies: int
    efficiency: float
    dive_wasted: int
    layers: tuple[LayerWeight, ...]

    @property
    def wasted(self) -> int:
        """Bytes that are shipped and that the container does not see."""
        return self.hidden + self.removed


@dataclass(slots=True)
class _Sums:
    """The sums of one layer while they are being added up."""

    total: int
    hidden: int = 0
    removed: int = 0
    repeated: int = 0
    metadata_copies: int = 0
    hides: int = 0

    def freeze(self) -> LayerWeight:
        """The finished sums."""
        return LayerWeight(
            total=self.total,
            visible=self.total - self.hidden - self.removed,
            hidden=self.hidden,
            removed=self.removed,
            repeated=self.repeated,
            metadata_copies=self.metadata_copies,
            hides=self.hides,
        )


def measure_weight(tree: MergedTree) -> Weight:
    """The weight of a tree's layers."""
    sums = [_Sums(sum(index.sizes)) for index in tree.stack.indexes]
    _add_endings(tree, sums)
    for layer, positions in enumerate(tree.repeats.positions):
        sums[layer].repeated = sum(map(tree.stack.indexes[layer].sizes.__getitem__, positions))
    layers = tuple(layer.freeze() for layer in sums)
    efficiency = measure_efficiency(tree)
    return Weight(
        total=sum(layer.total for layer in layers),
        visible=sum(layer.visible for layer in layers),
        hidden=sum(layer.hidden for layer in layers),
        removed=sum(layer.removed for layer in layers),
        repeated=sum(layer.repeated for layer in layers),
        metadata_copies=sum(layer.metadata_copies for layer in layers),
        efficiency=efficiency.score,
        dive_wasted=efficiency.wasted,
        layers=layers,
    )


def _add_endings(tree: MergedTree, sums: list[_Sums]) -> None:
    """Add up what is hidden and removed."""
    for (layer, by_layer, ending), positions in tree.ended_files.items():
        size = sum(map(tree.stack.indexes[layer].sizes.__getitem__, positions))
        if ending is Ending.REMOVED:
            sums[layer].removed += size
        else:
            sums[layer].hidden += size
            sums[layer].metadata_copies += size * (ending is Ending.METADATA)
        if by_layer != layer:
            sums[by_layer].hides += size
