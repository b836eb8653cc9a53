"""Equal content at several paths of the merged tree."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap
from layerscope.facts.layers.folders import Folder, group_by_folder
from layerscope.layers.entry import EntryType

SMALLEST: Final = 4096
"""Bytes. Smaller equal files are licences, `__init__.py` and the like, which no change of a Dockerfile removes."""

PAIRS: Final = 10
"""Copies that one fact names together with their first occurrence, largest first."""


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy, and where the same content lies already."""

    path: str
    size: int
    first_layer: int
    first_path: str


@dataclass(frozen=True, slots=True)
class RepeatedFiles(Fact):
    """All visible files of one layer whose content the image has already, in a lower layer or earlier in this one.

    `size` is what the copies add. Hard links share their content and are no copies.
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

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield one fact for each layer that repeats content."""
        copies: dict[int, list[Copy]] = {}
        first: dict[bytes, tuple[int, str]] = {}
        for layer, path, size, digest in _iter_candidates(context):
            origin = first.setdefault(digest, (layer, path))
            if origin != (layer, path):
                copies.setdefault(layer, []).append(Copy(path, size, *origin))
        for layer, found in sorted(copies.items()):
            folders = group_by_folder((layer, copy.path, copy.size) for copy in found)
            largest = sorted(found, key=lambda copy: (-copy.size, copy.path))[:PAIRS]
            yield RepeatedFiles(
                evidence=Evidence(layer=layer, path=folders[0].path),
                layer=layer,
                instruction=context.instruction(layer),
                files=len(found),
                size=sum(copy.size for copy in found),
                folders=folders,
                largest=tuple(largest),
            )


def _iter_candidates(context: FactContext) -> Iterator[tuple[int, str, int, bytes]]:
    """Visible files large enough, whose digest begins like another's; by layer, and by path within it."""
    starts: list[tuple[int, int, int]] = []
    for layer, scan in enumerate(context.scans):
        index, covered = scan.index, context.covered[layer]
        heads = memoryview(index.digests).cast("Q")[::4]
        starts += [
            (head, layer, position)
            for position, (head, size) in enumerate(zip(heads, index.sizes, strict=True))
            if size >= SMALLEST and not covered[position] and index.types[position] == EntryType.FILE
        ]
    counts = Counter(head for head, _, _ in starts)
    repeated = [
        (layer, context.scans[layer].index.paths[position], position)
        for head, layer, position in starts
        if counts[head] > 1
    ]
    for layer, path, position in sorted(repeated):
        index = context.scans[layer].index
        yield layer, path, index.sizes[position], index.digest(position)
