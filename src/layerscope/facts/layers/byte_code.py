"""Python byte-code that the image ships."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap
from layerscope.facts.layers.folders import Folder, group_by_folder
from layerscope.layers.entry import EntryType

SUFFIX: Final = ".pyc"
CACHE_FOLDER: Final = "/__pycache__/"
"""Only byte-code beside its source: a `.pyc` elsewhere may be all that is left of a module."""


@dataclass(frozen=True, slots=True)
class ByteCode(Fact):
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
        for layer, scan in enumerate(context.scans):
            index, covered = scan.index, context.covered[layer]
            files = [
                (layer, path, index.sizes[position])
                for position, path in enumerate(index.paths)
                if path[-4:] == SUFFIX
                and CACHE_FOLDER in path
                and index.types[position] == EntryType.FILE
                and not covered[position]
            ]
            if files:
                folders = group_by_folder(files)
                yield ByteCode(
                    evidence=Evidence(layer=layer, path=folders[0].path),
                    layer=layer,
                    files=len(files),
                    size=sum(size for _, _, size in files),
                    folders=folders,
                    instruction=context.instruction(layer),
                )
