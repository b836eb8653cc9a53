"""What layerscope says of the layers of an image: what an engine refuses of them, and the tree."""

from dataclasses import dataclass
from typing import Final

from layerscope.layers import anomaly
from layerscope.layers.entry import Anomaly
from layerscope.layers.extractor_set import ExtractorSet
from layerscope.layers.limits import Limits
from layerscope.layers.tar_scanner import TarScanner
from support.layer_rows import Row, read_merged
from support.live_engines import LiveEngine
from support.random_layers import Layers

TAKEN: Final = {
    "docker": frozenset({"opaque-no-directory"}),
    "containerd": frozenset({"below-symlink", "root-no-directory", "duplicate-entry"}),
    "podman": frozenset({"opaque-no-directory", "whiteout-below-no-directory"}),
}
"""What findings say that one of them takes, although others refuse it."""


@dataclass(frozen=True)
class Told:
    """What is refused, as messages, and what is at each path."""

    refusals: tuple[str, ...]
    rows: dict[str, Row]


def tell_layers(layers: Layers, engine: LiveEngine) -> Told:
    """What is told to whoever has this engine."""
    refusals, indexes = list[str](), []
    for number, layer in enumerate(layers):
        scanner = TarScanner(iter([layer.content]), ExtractorSet(()), Limits())
        if damage := scanner.run():
            refusals.append(f"layer {number} is damaged: {damage}")
        index = scanner.index()
        indexes.append(index)
        told = (found for found in index.anomalies if is_refused_by(found, engine))
        refusals += [f"layer {number}: {found.kind} {found.path!r} {found.detail}".strip() for found in told]
    return Told(tuple(refusals), read_merged(indexes))


def is_refused_by(found: Anomaly, engine: LiveEngine) -> bool:
    """Whether what is told of an anomaly means that this engine refuses it."""
    unpacker = "containerd" if "containerd" in engine.name else engine.kind.scheme
    if found.kind in TAKEN[unpacker]:
        return False
    if found.kind == anomaly.SKIPPED_ATTRIBUTE:
        return unpacker in found.detail.rpartition("which")[2].lower()
    return found.kind == anomaly.DUPLICATE_ENTRY or found.kind in anomaly.REFUSED
