"""Files that one build step shipped and a later one removed, overwrote, or copied for a change of metadata."""

from collections.abc import Iterator
from dataclasses import dataclass

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap
from layerscope.facts.layers.folders import Folder, group_by_folder
from layerscope.filesystem.endings import Ending


@dataclass(frozen=True, slots=True)
class Origin:
    """The layer that shipped ended files, and how many bytes of them."""

    layer: int
    files: int
    size: int
    instruction: str


@dataclass(frozen=True, slots=True)
class EndedFiles(Fact):
    """All files that one layer ends in one way: `removed`, `overwritten`, or `metadata` (equal content again).

    Sizes are those of the lower copies, which the image carries for nothing. `origins` and `folders` say which layers
    shipped them and where, most bytes first.
    """

    ending: str
    layer: int
    instruction: str
    files: int
    size: int
    origins: tuple[Origin, ...]
    folders: tuple[Folder, ...]


class EndedFilesCollector(Collector):
    """Groups hidden files by the layer that hid them and how."""

    name = "layers.endings"

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield one fact a layer and ending, by layer, then by ending."""
        groups: dict[tuple[int, Ending], list[tuple[int, str, int]]] = {}
        for hidden in context.tree.hidden:
            if hidden.size:
                group = groups.setdefault((hidden.by_layer, hidden.ending), [])
                group.append((hidden.layer, hidden.path, hidden.size))
        for (layer, ending), files in sorted(groups.items()):
            folders = group_by_folder(files)
            yield EndedFiles(
                evidence=Evidence(layer=layer, path=folders[0].path),
                ending=ending.value,
                layer=layer,
                instruction=context.instruction(layer),
                files=len(files),
                size=sum(size for _, _, size in files),
                origins=_sum_by_layer(files, context),
                folders=folders,
            )


def _sum_by_layer(files: list[tuple[int, str, int]], context: FactContext) -> tuple[Origin, ...]:
    """Files and bytes by the layer that shipped them, most bytes first."""
    totals: dict[int, list[int]] = {}
    for layer, _, size in files:
        total = totals.setdefault(layer, [0, 0])
        total[0] += 1
        total[1] += size
    origins = [Origin(layer, count, size, context.instruction(layer)) for layer, (count, size) in totals.items()]
    return tuple(sorted(origins, key=lambda origin: (-origin.size, origin.layer)))
