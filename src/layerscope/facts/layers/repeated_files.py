"""Equal content at several paths of the merged tree."""

from collections.abc import Iterator
from heapq import nsmallest
from typing import Final

from msgspec import Struct

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap
from layerscope.facts.layers.folders import FileList, Folder, group_by_folder
from layerscope.filesystem.tree import MergedTree

SMALLEST: Final = 4096
"""Bytes. Smaller equal files are licences, `__init__.py` and the like, which no change of a Dockerfile removes."""

PAIRS: Final = 10
"""Copies that one fact names together with their first occurrence, largest first."""


class Copy(Struct, frozen=True):
    """A copy, and where the same content lies already."""

    path: str
    size: int
    first_layer: int
    first_path: str


class RepeatedFiles(Fact, frozen=True):
    """All visible files of one layer whose content the image has already, in a lower layer or earlier in this one.

    `size` is what the copies add. Hard links share their content and are no copies; huge sparse files, whose content is
    not hashed, are never told equal.
    """

    layer: int
    instruction: str
    files: int
    size: int
    folders: tuple[Folder, ...]
    largest: tuple[Copy, ...]


class RepeatedFilesCollector(Collector):
    """Finds equal digests among the visible files."""

    name = "layers.repeated-files"
    needs_weight = True

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield one fact for each layer that repeats content."""
        repeats = context.tree.repeats
        for layer, scan in enumerate(context.scans):
            index = scan.index
            copies = [position for position in repeats.positions[layer] if index.sizes[position] >= SMALLEST]
            if not copies:
                continue
            files = FileList(layer, [index.paths[copy] for copy in copies], [index.sizes[copy] for copy in copies])
            folders = group_by_folder([files])
            largest = nsmallest(PAIRS, zip((-size for size in files.sizes), files.paths, copies, strict=True))
            yield RepeatedFiles(
                evidence=Evidence(layer=layer, path=folders[0].path),
                layer=layer,
                instruction=context.instruction(layer),
                files=len(copies),
                size=sum(files.sizes),
                folders=folders,
                largest=tuple(_describe(context.tree, layer, copy) for _, _, copy in largest),
            )


def _describe(tree: MergedTree, layer: int, position: int) -> Copy:
    """A copy beside the first file with its content."""
    stack, index = tree.stack, tree.stack.indexes[layer]
    first_layer, first = stack.locate(tree.repeats.first[stack.starts[layer] + position])
    return Copy(index.paths[position], index.sizes[position], first_layer, stack.indexes[first_layer].paths[first])
