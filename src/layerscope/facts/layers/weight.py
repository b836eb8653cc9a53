"""What the image weighs: bytes that the container sees, and bytes that it carries for nothing."""

from collections.abc import Iterator

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap


class ImageWeight(Fact, frozen=True):
    """Bytes of file content in all layers, by what became of them."""

    total: int
    visible: int
    hidden: int
    removed: int
    repeated: int
    wasted: int
    """Those that are shipped and not seen."""
    efficiency: float

    def share(self, size: int) -> float:
        """Which part of the image that many bytes are, from 0 to 1."""
        return size / self.total if self.total else 0.0


class ImageWeightCollector(Collector):
    """Repeats the image's weight as a fact."""

    name = "layers.weight"
    needs_weight = True

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield the weight."""
        weight = context.weight
        yield ImageWeight(
            evidence=Evidence(),
            total=weight.total,
            visible=weight.visible,
            hidden=weight.hidden,
            removed=weight.removed,
            repeated=weight.repeated,
            wasted=weight.wasted,
            efficiency=weight.efficiency,
        )
