"""Python byte-code that the image ships."""

from collections.abc import Iterator
from typing import Final

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap
from layerscope.facts.layers.folders import FileList, Folder, group_by_folder

SUFFIX: Final = ".pyc"
"""Only byte-code beside its source counts: a `.pyc` elsewhere may be all that is left of a module."""


class ByteCode(Fact, frozen=True):
    """The byte-code of one layer that the container sees."""

    layer: int
    files: int
    size: int
    folders: tuple[Folder, ...]
    instruction: str


class ByteCodeCollector(Collector):
    """Adds up the byte-code of each layer."""

    name = "layers.byte-code"

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield one fact for each layer that has byte-code."""
        for layer in range(len(context.scans)):
            files = _find_byte_code(context, layer)
            if files.paths:
                folders = group_by_folder([files])
                yield ByteCode(
                    evidence=Evidence(layer=layer, path=folders[0].path),
                    layer=layer,
                    files=len(files.paths),
                    size=sum(files.sizes),
                    folders=folders,
                    instruction=context.instruction(layer),
                )


def _find_byte_code(context: FactContext, layer: int) -> FileList:
    """The layer's visible byte-code."""
    index, covered = context.scans[layer].index, context.covered[layer]
    paths, sizes = index.paths, index.sizes
    positions = [
        position
        for position in context.places[layer].byte_code
        if paths[position][-4:] == SUFFIX and sizes[position] and not covered[position]
    ]
    return FileList(layer, [paths[position] for position in positions], [sizes[position] for position in positions])
