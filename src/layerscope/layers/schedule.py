"""Schedule: all layers of an image, each read once or not at all, several at a time where that pays."""

import re
import time
from array import array
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from layerscope.image.digest import Digest
from layerscope.image.image import Image, ImageStream
from layerscope.image.layer import ByteStream, Layer
from layerscope.layers.cache import LayerCache
from layerscope.layers.cache_proofs import ProvenBlob
from layerscope.layers.index import LayerIndex
from layerscope.layers.reading import Reading, hash_stored, read_layer
from layerscope.layers.scan import BlobScan, Damage, DamageKind, LayerScan, Proof

_BLOB_NAME = re.compile(r"(?:^|/)blobs/sha256/([a-f0-9]{64})$")

DOMINANT_SHARE = 0.5
"""A layer with more than this share of the bytes to be read is read in stages: the others end long before it does."""


def scan_layers(layers: Sequence[Layer], reading: Reading, *, cache: LayerCache, jobs: int) -> list[LayerScan]:
    """The scan of every layer, bottom first; a layer that occurs twice is read once."""
    unique: dict[str, Layer] = {layer.name: layer for layer in layers}
    scans = {name: scan for name, layer in unique.items() if (scan := recall_layer(layer, cache)) is not None}
    missing = sorted((layer for layer in unique.values() if layer.name not in scans), key=_size, reverse=True)
    whole = sum(map(_size, missing))

    def read(layer: Layer) -> LayerScan:
        staged = jobs > 1 and _size(layer) > DOMINANT_SHARE * whole
        return _read(layer, reading, cache=cache, staged=staged)

    for layer in missing:
        reading.progress.start(layer.name, layer.diff_id.short, layer.stored_size)
    scans.update(zip([layer.name for layer in missing], _map_parallel(read, missing, reading, jobs=jobs), strict=True))
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
            _keep_layer(scans[name], cache)
            _keep_blob(scans[name], cache)
        reading.progress.finish(name)

    image = stream.consume(scan)
    missing = [layer for layer in image.layers if layer.name not in scans]
    late = scan_layers(missing, reading, cache=cache, jobs=jobs)
    scans.update({layer.name: found for layer, found in zip(missing, late, strict=True)})
    return image, [scans[layer.name] for layer in image.layers]


def recall_layer(layer: Layer, cache: LayerCache) -> LayerScan | None:
    """The scan of a layer that need not be read: it is absent, or known and its stored bytes have not changed."""
    if layer.absent is not None:
        return LayerScan(None, None, empty_index(), {}, None, Proof.NONE)
    stamp = layer.stamp
    if stamp is None:
        return _recall(layer.diff_id, None, Proof.CACHED, cache) if is_vouched(layer) else None
    digest = cache.find_stamp(stamp)
    proven = cache.find_blob(digest) if digest is not None else None
    return _recall(proven.diff_id, proven.blob, Proof.UNCHANGED, cache) if proven is not None else None


def is_vouched(layer: Layer) -> bool:
    """Whether the source is an engine that keeps the layer unpacked: there is no blob that could be read again."""
    return layer.descriptor is None


def empty_index() -> LayerIndex:
    """The index of a layer of which nothing is known."""
    return LayerIndex([], bytearray(), array("I"), [], array("Q"), array("q"), bytearray(), array("Q"))


def _recall(diff_id: Digest, blob: BlobScan | None, proof: Proof, cache: LayerCache) -> LayerScan | None:
    known = cache.load(diff_id)
    return LayerScan(diff_id, blob, known[0], known[1], None, proof) if known is not None else None


def _read(layer: Layer, reading: Reading, *, cache: LayerCache, staged: bool) -> LayerScan:
    began_ns = time.time_ns()
    stamp = layer.stamp
    known = _prove_known(layer, reading, cache)
    scan = known or read_layer(layer.open(), layer.name, reading, staged=staged)
    reading.progress.finish(layer.name)
    if known is None:
        _keep_layer(scan, cache)
    _keep_blob(scan, cache)
    if stamp is not None and stamp == layer.stamp and scan.damage is None and scan.blob is not None:
        cache.keep_stamp(stamp, scan.blob.digest, read_began_ns=began_ns)
    return scan


def _prove_known(layer: Layer, reading: Reading, cache: LayerCache) -> LayerScan | None:
    """The scan of a blob that was read before, somewhere else: hashing it again is enough."""
    claim = layer.descriptor.digest if layer.descriptor else layer.diff_id
    proven = cache.find_blob(claim)
    if proven is None or not cache.has_layer(proven.diff_id):
        return None
    found = hash_stored(layer.open(), layer.name, reading)
    if found.digest != proven.blob.digest:
        return None
    return _recall(proven.diff_id, proven.blob, Proof.READ, cache)


def _find_named(name: str, cache: LayerCache) -> ProvenBlob | None:
    """What is known of a member that an archive names by its digest (`blobs/sha256/…`)."""
    match = _BLOB_NAME.search(name)
    proven = cache.find_blob(Digest("sha256", match[1])) if match else None
    return proven if proven is not None and cache.has_layer(proven.diff_id) else None


def _prove_named(known: ProvenBlob, found: BlobScan, cache: LayerCache) -> LayerScan:
    """The known scan, if the bytes that passed are those of the name; else only what they are."""
    scan = _recall(known.diff_id, known.blob, Proof.READ, cache)
    if scan is not None and found.digest == known.blob.digest:
        return scan
    detail = f"the bytes have the digest {found.digest}, their name says {known.blob.digest}; they passed unread"
    return LayerScan(None, found, empty_index(), {}, Damage(DamageKind.CORRUPT, detail, 0), Proof.READ)


def _keep_layer(scan: LayerScan, cache: LayerCache) -> None:
    if scan.damage is None and scan.diff_id is not None:
        cache.store(scan.diff_id, scan.index, scan.extracts)


def _keep_blob(scan: LayerScan, cache: LayerCache) -> None:
    if scan.damage is None and scan.diff_id is not None and scan.blob is not None:
        cache.keep_blob(scan.blob.digest, ProvenBlob(scan.diff_id, scan.blob))


def _map_parallel(
    read: Callable[[Layer], LayerScan], layers: Sequence[Layer], reading: Reading, *, jobs: int
) -> list[LayerScan]:
    """Apply `read` to every layer, `jobs` at a time; whatever goes wrong, every thread has ended before this does."""
    if jobs <= 1 or len(layers) <= 1:
        return [read(layer) for layer in layers]
    with ThreadPoolExecutor(jobs, thread_name_prefix="layer") as pool:
        futures: list[Future[LayerScan]] = [pool.submit(read, layer) for layer in layers]
        try:
            return [future.result() for future in futures]
        except BaseException:
            reading.stopped.set()
            pool.shutdown(cancel_futures=True)
            raise


def _size(layer: Layer) -> int:
    return layer.stored_size or 0
