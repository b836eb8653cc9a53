"""Files that one build step shipped and a later one removed, overwrote, or copied for a change of metadata."""

from collections.abc import Iterator

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap
from layerscope.facts.layers.folders import FileList, Folder, group_by_folder
from layerscope.facts.layers.origins import Origin, sum_by_origin
from layerscope.filesystem.endings import Ending
from layerscope.filesystem.tree import MergedTree


class EndedFiles(Fact, frozen=True):
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
        for (layer, ending), lists in sorted(_group_ended(context.tree).items()):
            folders = group_by_folder(lists)
            yield EndedFiles(
                evidence=Evidence(layer=layer, path=folders[0].path),
                ending=ending.value,
                layer=layer,
                instruction=context.instruction(layer),
                files=sum(len(files.paths) for files in lists),
                size=sum(sum(files.sizes) for files in lists),
                origins=sum_by_origin(lists, context),
                folders=folders,
            )


def _group_ended(tree: MergedTree) -> dict[tuple[int, Ending], list[FileList]]:
    """Files with content that a higher layer ends, by that layer and the ending, each with one list a lower layer."""
    groups: dict[tuple[int, Ending], list[FileList]] = {}
    for (layer, by_layer, ending), positions in sorted(tree.ended_files.items()):
        if layer == by_layer:
            continue
        index = tree.stack.indexes[layer]
        files = FileList(layer)
        files.paths.extend(map(index.paths.__getitem__, positions))
        files.sizes.extend(map(index.sizes.__getitem__, positions))
        groups.setdefault((by_layer, ending), []).append(files)
    return groups
