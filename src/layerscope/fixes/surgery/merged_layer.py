"""Layers written as one, read one after the other: what a path holds comes from one of them alone."""

from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from layerscope.fixes.surgery.cuts import LayerCuts, LayerMerge
from layerscope.fixes.surgery.layer_writer import Advance, WrittenLayer, iter_stored, tell_damage, write_layer
from layerscope.fixes.surgery.new_members import iter_members, iter_whiteout
from layerscope.fixes.surgery.tar_editor import TRAILER, edit_members
from layerscope.image.layer import Layer
from layerscope.layers.compression import Decompressor
from layerscope.layers.scan import Compression, LayerScan
from layerscope.layers.stages import Chunk, Stage


class Part(NamedTuple):
    """One of the layers, and the cuts after which it holds its share."""

    layer: Layer
    scan: LayerScan
    cuts: LayerCuts


def merge_layers(
    parts: Iterable[Part],
    merge: LayerMerge,
    blobs: Path,
    *,
    compression: Compression,
    latest: int | None,
    advance: Advance,
) -> WrittenLayer:
    """Write layers as one, in constant memory; raises SourceError, LayerDamageError and OSError."""
    with closing(iter_merged((_iter_part(part, advance) for part in parts), merge, latest)) as pieces:
        return write_layer(pieces, blobs, compression, name=str(merge.merged))


def iter_merged(
    parts: Iterable[Iterator[Chunk]], merge: LayerMerge, latest: int | None
) -> Generator[Chunk, None, None]:
    """The tar: directories, since what lies in them may come from any part, the parts' members, and whiteouts."""
    yield from iter_members(dict(sorted(merge.directories.items())), latest)
    for part in parts:
        yield from part  # which ends what reads it, when this is closed
    yield from chain.from_iterable(iter_whiteout(path, latest) for path in sorted(merge.whiteouts))
    yield TRAILER


def _iter_part(part: Part, advance: Advance) -> Iterator[Chunk]:
    """What the cuts leave of one layer's members."""
    stored = Decompressor(iter_stored(part.layer, advance)).iter_chunks()
    with Stage(stored) as chunks, tell_damage(part.layer):
        yield from edit_members(iter(chunks), part.scan.index, part.cuts)
