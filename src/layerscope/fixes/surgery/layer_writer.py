"""New layers from old ones: edited and packed again, packed another way, or kept bit for bit."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from layerscope.errors import DigestMismatchError, LayerDamageError
from layerscope.fixes.surgery.blob_writer import BlobWriter
from layerscope.fixes.surgery.cuts import NO_CUTS, LayerCuts
from layerscope.fixes.surgery.packing import open_packer
from layerscope.fixes.surgery.tar_editor import edit_tar
from layerscope.image.descriptor import Descriptor
from layerscope.image.digest import Digest
from layerscope.image.layer import Layer
from layerscope.image.mediatype import OCI_LAYER, OCI_LAYER_GZIP, OCI_LAYER_ZSTD, MediaType
from layerscope.layers.block_reader import TruncatedError
from layerscope.layers.compression import CorruptError, Decompressor, TruncatedStreamError
from layerscope.layers.far_hash import hash_far
from layerscope.layers.limits import MIB, LimitPassedError
from layerscope.layers.scan import Compression, LayerScan
from layerscope.layers.stages import Chunk, Sink, Stage
from layerscope.layers.tar_header import HeaderError

MEDIA_TYPES: Final[dict[Compression, MediaType]] = {
    Compression.NONE: OCI_LAYER,
    Compression.GZIP: OCI_LAYER_GZIP,
    Compression.ZSTD: OCI_LAYER_ZSTD,
}

_OF_THE_BLOB: Final = ("containerd.io/", "io.containers.", "io.github.containers.")
"""What annotations begin with that tell where a table of contents lies, or how large the tar is."""

Advance = Callable[[int], None]
"""Told how many stored bytes of the old layer were read."""


@dataclass(frozen=True)
class WrittenLayer:
    """A layer of the new image: its descriptor, its DiffID, and whether its blob is the old one's."""

    descriptor: Descriptor
    diff_id: Digest
    is_kept: bool


def keep_layer(layer: Layer, scan: LayerScan, blobs: Path, advance: Advance) -> WrittenLayer:
    """Copy a layer's blob as it is, proving it once more; one that no media type tells of is packed by gzip.

    Raises SourceError, ImageError and OSError.
    """
    if layer.absent is not None:
        assert layer.descriptor is not None, "a layer that is not here is known by its descriptor"
        return WrittenLayer(layer.descriptor, layer.diff_id, is_kept=True)
    if scan.blob is not None and not scan.blob.compression.is_standard:
        return rewrite_layer(layer, scan, blobs, compression=scan.blob.compression.rewritten, advance=advance)
    with BlobWriter(blobs) as blob, Sink() as sink:
        head = b""
        for chunk in iter_stored(layer, advance):
            head = head or chunk[:8]
            sink.put(blob.write, chunk)
        sink.finish()
        return WrittenLayer(_describe_kept(layer, blob.publish(), blob.size, scan), layer.diff_id, is_kept=True)


def _describe_kept(layer: Layer, digest: Digest, size: int, scan: LayerScan) -> Descriptor:
    """The descriptor of a blob that was copied; raises DigestMismatchError where it is not what it was."""
    old = layer.descriptor
    expected = scan.blob.digest if scan.blob is not None else old.digest if old is not None else layer.diff_id
    if digest != expected and (old is None or old.digest.algorithm == digest.algorithm):
        raise DigestMismatchError(f"copying layer {layer.name}: it has the digest {digest}, expected {expected}")
    compression = scan.blob.compression if scan.blob is not None else Compression.NONE
    annotations = old.annotations if old is not None else {}
    return Descriptor(MEDIA_TYPES[compression], digest, size, annotations=annotations)


def rewrite_layer(
    layer: Layer,
    scan: LayerScan,
    blobs: Path,
    *,
    compression: Compression,
    cuts: LayerCuts = NO_CUTS,
    advance: Advance,
) -> WrittenLayer:
    """Write a layer anew, edited; reading, hashing and packing go on side by side, in constant memory.

    Raises SourceError, LayerDamageError and OSError.
    """
    expected = None if cuts else layer.diff_id
    with Stage(Decompressor(iter_stored(layer, advance)).iter_chunks()) as chunks:
        pieces = _edit(iter(chunks), scan, cuts, layer)
        return write_layer(
            pieces, blobs, compression, name=layer.name, expected=expected, annotations=_keep_annotations(layer)
        )


def write_layer(
    pieces: Iterator[Chunk],
    blobs: Path,
    compression: Compression,
    *,
    name: str,
    expected: Digest | None = None,
    annotations: Mapping[str, str] | None = None,
) -> WrittenLayer:
    """Write a layer of the pieces of its tar; raises what they raise, DigestMismatchError and OSError."""
    tar = hashlib.sha256()
    hash_tar = partial(hash_far, tar.update)
    with (
        BlobWriter(blobs, is_hashed=compression is not Compression.NONE) as blob,  # as it is, the tar is the blob
        Sink() as writing,
        closing(open_packer(compression, partial(_put, writing, blob))) as packer,
        Sink() as hashing,
        Sink() as packing,
    ):
        for piece in pieces:
            hashing.put(hash_tar, piece)
            packing.put(packer.feed, piece)
        hashing.finish()
        packing.finish()
        packer.finish()
        writing.finish()
        diff_id = Digest("sha256", tar.hexdigest())
        if expected is not None and diff_id != expected and expected.algorithm == diff_id.algorithm:
            raise DigestMismatchError(f"packing layer {name}: its DiffID is {diff_id}, expected {expected}")
        digest = blob.publish(diff_id)
        descriptor = Descriptor(MEDIA_TYPES[compression], digest, blob.size, annotations=annotations or {})
        return WrittenLayer(descriptor, diff_id, is_kept=False)


def _put(writing: Sink, blob: BlobWriter, piece: Chunk) -> int:
    """Have a piece written and hashed beside the packing, which else would wait for the disk."""
    writing.put(blob.write, piece)
    return len(piece)


def _keep_annotations(layer: Layer) -> dict[str, str]:
    """What a descriptor says besides; but not of how its blob was laid out, which is another one now."""
    annotations = layer.descriptor.annotations if layer.descriptor is not None else {}
    return {key: value for key, value in annotations.items() if not key.startswith(_OF_THE_BLOB)}


def _edit(chunks: Iterator[bytes], scan: LayerScan, cuts: LayerCuts, layer: Layer) -> Iterator[Chunk]:
    """The tar as it is to be."""
    with tell_damage(layer):
        yield from edit_tar(chunks, scan.index, cuts) if cuts else chunks


@contextmanager
def tell_damage(layer: Layer) -> Iterator[None]:
    """Tell what is wrong with an old layer by its name; raises LayerDamageError."""
    try:
        yield
    except (HeaderError, CorruptError, TruncatedStreamError, LimitPassedError) as error:
        raise LayerDamageError(f"editing layer {layer.name}: {error}") from error
    except TruncatedError as error:
        raise LayerDamageError(f"editing layer {layer.name}: it ends inside an entry") from error


def iter_stored(layer: Layer, advance: Advance) -> Iterator[bytes]:
    """The stored bytes; the stream is closed with the iterator."""
    with closing(layer.open()) as stream:
        while chunk := stream.read(MIB):
            advance(len(chunk))
            yield chunk
