"""Files that one build step shipped and a later one removed, overwrote, or copied for a change of metadata."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap
from layerscope.facts.layers.folders import FileList, Folder, group_by_folder
from layerscope.filesystem.endings import Ending, judge_ending
from layerscope.filesystem.tree import MergedTree
from layerscope.layers.entry import EntryType
from layerscope.layers.index import DIGEST_SIZE, LayerIndex

_FILE: Final = EntryType.FILE.value
_WHITEOUT: Final = EntryType.WHITEOUT.value


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
        for (layer, ending), lists in sorted(_group_ended(context.tree).items()):
            folders = group_by_folder(lists)
            yield EndedFiles(
                evidence=Evidence(layer=layer, path=folders[0].path),
                ending=ending.value,
                layer=layer,
                instruction=context.instruction(layer),
                files=sum(len(files.paths) for files in lists),
                size=sum(sum(files.sizes) for files in lists),
                origins=_sum_by_layer(lists, context),
                folders=folders,
            )


def _group_ended(tree: MergedTree) -> dict[tuple[int, Ending], list[FileList]]:
    """Files with content that a higher layer ends, by that layer and the ending, each with one list a lower layer.

    The same as `tree.hidden` tells, without an object for each: there are tens of thousands in images of ordinary size.
    """
    stack, kept, types, starts = tree.stack, tree.kept, tree.stack.types, tree.stack.starts
    groups: dict[tuple[int, Ending], list[FileList]] = {}
    for layer, index in enumerate(stack.indexes):
        start, stop, paths, sizes = starts[layer], starts[layer] + len(index), index.paths, index.sizes
        lists: dict[tuple[int, Ending], FileList] = {}
        by_layer, by_start, by_stop = layer, 0, 0
        for ended, ender in tree.endings.between(start, stop):
            position = ended - start
            if not sizes[position] or start <= ender < stop or ended in kept:
                continue
            if ender >= by_stop or ender < by_start:
                by_layer = stack.locate(ender)[0]
                by_start, by_stop = starts[by_layer], starts[by_layer] + len(stack.indexes[by_layer])
            if ender >= 0 and types[ender] == _WHITEOUT:
                ending = Ending.REMOVED
            elif ender >= 0 and types[ender] == _FILE and not stack.moved:
                ending = _judge_file(index, position, stack.indexes[by_layer], ender - by_start)
            else:
                ending = judge_ending(stack, ended, ender) or Ending.REMOVED
            files = lists.get((by_layer, ending))
            if files is None:
                files = lists[by_layer, ending] = FileList(layer)
            files.paths.append(paths[position])
            files.sizes.append(sizes[position])
        for key, files in lists.items():
            groups.setdefault(key, []).append(files)
    return groups


def _judge_file(lower: LayerIndex, position: int, upper: LayerIndex, by_position: int) -> Ending:
    """How one plain file ends another."""
    if lower.paths[position] != upper.paths[by_position]:
        return Ending.REMOVED
    at, by = position * DIGEST_SIZE, by_position * DIGEST_SIZE
    is_same = lower.digests[at : at + DIGEST_SIZE] == upper.digests[by : by + DIGEST_SIZE]
    return Ending.METADATA if is_same and lower.sizes[position] == upper.sizes[by_position] else Ending.OVERWRITTEN


def _sum_by_layer(lists: list[FileList], context: FactContext) -> tuple[Origin, ...]:
    """Files and bytes by the layer that shipped them, most bytes first."""
    origins = [
        Origin(files.layer, len(files.paths), sum(files.sizes), context.instruction(files.layer)) for files in lists
    ]
    return tuple(sorted(origins, key=lambda origin: (-origin.size, origin.layer)))
