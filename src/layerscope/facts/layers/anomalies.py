"""What is wrong or unusual about the layers' tar archives."""

from collections.abc import Iterator
from typing import Final

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap
from layerscope.layers.anomaly import MEANINGS, REFUSED, UNCHECKED_ORDER
from layerscope.layers.entry import Anomaly

EXAMPLES: Final = 20
"""Places that one fact names; a layer can hold thousands of the same anomaly."""

ORDER: Final = "whether the layer can be unpacked in the order of its entries"
TOO_MUCH_WORK: Final = "comparing them would take too much work; load the image into an engine to see"
"""Why the order of a layer's entries was not looked at, or not to the end."""


class LayerAnomaly(Fact, frozen=True):
    """All anomalies of one kind in one layer; `places` names the first paths, with the detail of each.

    `count` is that of all, however many are named.
    """

    layer: int
    kind: str
    meaning: str
    is_refused: bool
    count: int
    places: tuple[Evidence, ...]
    instruction: str


class LayerAnomalyCollector(Collector):
    """Groups the anomalies of each layer by kind."""

    name = "layers.anomalies"

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield one fact a layer and kind, kinds in alphabetical order; that something was not looked at is a gap."""
        for layer, scan in enumerate(context.scans):
            by_kind: dict[str, list[Anomaly]] = {}
            for anomaly in scan.index.anomalies:
                by_kind.setdefault(anomaly.kind, []).append(anomaly)
            if by_kind.pop(UNCHECKED_ORDER, None):
                yield Gap(ORDER, f"layer {layer}", TOO_MUCH_WORK)
            for kind, found in sorted(by_kind.items()):
                count = len(found) + scan.index.unnamed.get(kind, 0)
                yield _group(layer, kind, found, count, context.instruction(layer))


def _group(layer: int, kind: str, found: list[Anomaly], count: int, instruction: str) -> LayerAnomaly:
    """The anomalies of one kind in one layer, of which there are so many."""
    named = found[:EXAMPLES]
    return LayerAnomaly(
        evidence=Evidence(layer=layer, path=named[0].path or None),
        layer=layer,
        kind=kind,
        meaning=MEANINGS.get(kind, ""),
        is_refused=kind in REFUSED,
        count=count,
        places=tuple(Evidence(layer=layer, path=item.path or None, detail=item.detail) for item in named),
        instruction=instruction,
    )
