"""FactContext: all that a collector may look at."""

from dataclasses import dataclass

from layerscope.filesystem.tree import MergedTree
from layerscope.filesystem.weight import Weight
from layerscope.image.history import BuildStep
from layerscope.image.image import Image
from layerscope.layers.scan import LayerScan


@dataclass(frozen=True)
class FactContext:
    """The image's documents, its layers as read (bottom first), their merge, and the build steps paired with layers."""

    image: Image
    scans: tuple[LayerScan, ...]
    tree: MergedTree
    weight: Weight
    steps: tuple[BuildStep, ...]
    base_layers: int
    """How many of the lowest layers belong to the base image; 0 where the base is unknown."""

    def extracts(self, name: str) -> list[tuple[int, str, object]]:
        """What the extractor of that name kept: (layer, path, value), lowest layer first, paths sorted."""
        return [
            (layer, path, value)
            for layer, scan in enumerate(self.scans)
            for path, value in sorted(scan.extracts.get(name, {}).items())
        ]
