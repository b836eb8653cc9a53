"""Schedule: all layers of an image, each read once or not at all."""

import re
from collections.abc import Sequence

from layerscope.errors import OfflineError, TransferError
from layerscope.image.digest import Digest
from layerscope.image.image import Image, ImageStream
from layerscope.image.layer import ByteStream, Layer
from layerscope.layers.cache import LayerCache
from layerscope.layers.cache_proofs import ProvenBlob
from layerscope.layers.parallel import read_layers
from layerscope.layers.reading import Reading, hash_stored, read_layer
from layerscope.layers.recall import empty_index, keep_scan, recall_layer, recall_scan
from layerscope.layers.scan import BlobScan, Damage, DamageKind, LayerScan, Proof
from layerscope.layers.toc.scan import scan_by_table

_BLOB_NAME = re.compile(r"(?:^|/)blobs/sha256/([a-f0-9]{64})$")


def scan_layers(
    layers: Sequence[Layer], reading: Reading, *, cache: LayerCache, jobs: int, by_table: bool = False
) -> list[LayerScan]:
    """The scan of every layer, bottom first; a layer that occurs twice is read once, and large ones come first.

    With `by_table`, a layer that is not known is not read either where its table of contents describes it.
    """
    unique: dict[str, Layer] = {layer.name: layer for layer in layers}
    scans = {name: scan for name, layer in unique.items() if (scan := recall_layer(layer, cache)) is not None}
    if by_table:
        unknown = {name: layer for name, layer in unique.items() if name not in scans}
        told = {name: scan_by_table(layer, reading.limits) for name, layer in unknown.items()}
        scans.update({name: scan for name, scan in told.items() if scan is not None})
    missing = [layer for layer in unique.values() if layer.name not in scans]
    missing.sort(key=lambda layer: layer.stored_size or 0, reverse=True)
    for layer in missing:
        reading.progress.start(layer.name, layer.diff_id.short, layer.stored_size)
    try:
        read = read_layers(missing, reading, cache=cache, jobs=jobs)
    except TransferError as error:
        number = next((place for place, layer in enumerate(layers) if layer.name == error.layer_name), None)
        if number is not None:
            again = "" if isinstance(error, OfflineError) else "; what came whole is kept, run it again to go on"
            error.args = (f"layer {number} of {len(layers)}: {error}{again}",)
        raise
    scans.update({layer.name: scan for layer, scan in zip(missing, read, strict=True)})
    return [scans[layer.name] for layer in layers]


def scan_stream(
    stream: ImageStream, reading: Reading, *, cache: LayerCache, jobs: int
) -> tuple[Image, list[LayerScan]]:
    """The image that a stream brings and the scans of its layers, each read as it passes."""
    scans: dict[str, LayerScan] = {}

    def scan(name: str, member: ByteStream) -> None:
        reading.progress.start(name, name.rpartition("/")[2][:12], None)
        known = _find_named(name, cache)
        if known is not None:
            scans[name] = _prove_named(known, hash_stored(member, name, reading), cache)
        else:
            scans[name] = read_layer(member, name, reading, staged=jobs > 1)
            keep_scan(scans[name], cache)
        reading.progress.finish(name)

    image = stream.consume(scan)
    missing = [layer for layer in image.layers if layer.name not in scans]
    late = scan_layers(missing, reading, cache=cache, jobs=jobs)
    scans.update({layer.name: found for layer, found in zip(missing, late, strict=True)})
    return image, [scans[layer.name] for layer in image.layers]


def _find_named(name: str, cache: LayerCache) -> ProvenBlob | None:
    """What is known of a member that an archive names by its digest (`blobs/sha256/…`)."""
    match = _BLOB_NAME.search(name)
    proven = cache.find_blob(Digest("sha256", match[1])) if match else None
    return proven if proven is not None and cache.has_layer(proven.diff_id) else None


def _prove_named(known: ProvenBlob, found: BlobScan, cache: LayerCache) -> LayerScan:
    """The known scan, if the bytes that passed are those of the name; else only what they are."""
    scan = recall_scan(known.diff_id, known.blob, Proof.READ, cache)
    if scan is not None and found.digest == known.blob.digest:
        return scan
    detail = f"the bytes have the digest {found.digest}, their name says {known.blob.digest}; they passed unread"
    return LayerScan(None, found, empty_index(), {}, Damage(DamageKind.CORRUPT, detail, 0), Proof.READ)
