"""Layers that tell of a time after a moment: in an entry, in one of its other times, or in the header of gzip."""

from contextlib import closing

from layerscope.errors import LayerDamageError
from layerscope.fixes.surgery.layer_writer import Advance, iter_stored
from layerscope.fixes.surgery.raw_members import read_member
from layerscope.fixes.surgery.times import clamp_head, has_late_gzip_header
from layerscope.image.layer import Layer
from layerscope.layers.block_reader import BlockReader, TruncatedError
from layerscope.layers.compression import CorruptError, Decompressor, TruncatedStreamError
from layerscope.layers.limits import LimitPassedError
from layerscope.layers.pax import NANOSECONDS
from layerscope.layers.scan import LayerScan
from layerscope.layers.tar_header import HeaderError

_GZIP_HEADER = 8
"""Bytes of a gzip header up to its time, which is its last field here."""


def has_late_entries(layer: Layer, scan: LayerScan, latest: int, advance: Advance) -> bool:
    """Whether an entry has a time after `latest` seconds; what the index does not tell is looked for in the tar.

    Raises SourceError and LayerDamageError.
    """
    if any(time > latest * NANOSECONDS for time in scan.index.mtimes_ns):
        return True
    try:
        reader = BlockReader(Decompressor(iter_stored(layer, advance)).iter_chunks())
        while (member := read_member(reader)) is not None:
            if clamp_head(member, latest) != member.head:
                return True
            reader.skip(member.size)
            reader.skip_padding(member.size)
    except (HeaderError, CorruptError, TruncatedStreamError, LimitPassedError, TruncatedError) as error:
        raise LayerDamageError(f"looking for times in layer {layer.name}: {error}") from error
    return False


def is_packed_late(layer: Layer, latest: int) -> bool:
    """Whether its blob says that it was packed after `latest` seconds; raises SourceError."""
    with closing(layer.open()) as stream:
        head = b""
        while len(head) < _GZIP_HEADER and (piece := stream.read(_GZIP_HEADER - len(head))):
            head += piece
    return has_late_gzip_header(head, latest)
