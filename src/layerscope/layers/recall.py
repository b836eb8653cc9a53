"""Recall: what earlier passes proved of a layer, taken from the cache where that is safe, and kept for later ones."""

from array import array

from layerscope.image.digest import Digest
from layerscope.image.layer import Layer
from layerscope.layers.cache import LayerCache
from layerscope.layers.cache_proofs import ProvenBlob
from layerscope.layers.index import LayerIndex
from layerscope.layers.scan import BlobScan, LayerScan, Proof


def recall_layer(layer: Layer, cache: LayerCache) -> LayerScan | None:
    """The scan of a layer that need not be read: it is absent, or known and its stored bytes are those of then."""
    if layer.absent is not None:
        return LayerScan(None, None, empty_index(), {}, None, Proof.NONE)
    stamp = layer.stamp
    if layer.is_addressed and layer.descriptor is not None:
        proven = cache.find_blob(layer.descriptor.digest)
        return recall_scan(proven.diff_id, proven.blob, Proof.CACHED, cache) if proven is not None else None
    if stamp is None:
        return recall_scan(layer.diff_id, None, Proof.CACHED, cache) if is_vouched(layer) else None
    digest = cache.find_stamp(stamp)
    proven = cache.find_blob(digest) if digest is not None else None
    return recall_scan(proven.diff_id, proven.blob, Proof.UNCHANGED, cache) if proven is not None else None


def recall_scan(diff_id: Digest, blob: BlobScan | None, proof: Proof, cache: LayerCache) -> LayerScan | None:
    """The scan of a known layer, with what its digests rest on this time; None where it is not known."""
    known = cache.load(diff_id)
    return LayerScan(diff_id, blob, known[0], known[1], None, proof) if known is not None else None


def find_claimed(layer: Layer, cache: LayerCache) -> ProvenBlob | None:
    """What is known of the blob that a layer claims to be: if its bytes are those, hashing them is enough."""
    proven = cache.find_blob(layer.descriptor.digest if layer.descriptor else layer.diff_id)
    return proven if proven is not None and cache.has_layer(proven.diff_id) else None


def keep_scan(scan: LayerScan, cache: LayerCache) -> None:
    """Keep what a whole and undamaged reading proved."""
    if scan.damage is None and scan.diff_id is not None:
        cache.store(scan.diff_id, scan.index, scan.extracts)
        keep_blob(scan, cache)


def keep_blob(scan: LayerScan, cache: LayerCache) -> None:
    """Keep which layer a blob is, if it was read whole."""
    if scan.damage is None and scan.diff_id is not None and scan.blob is not None:
        cache.keep_blob(scan.blob.digest, ProvenBlob(scan.diff_id, scan.blob))


def is_vouched(layer: Layer) -> bool:
    """Whether the source is an engine that keeps the layer unpacked: there is no blob that could be read again."""
    return layer.descriptor is None


def empty_index() -> LayerIndex:
    """The index of a layer of which nothing is known."""
    return LayerIndex([], bytearray(), array("I"), [], array("Q"), array("q"), bytearray(), array("Q"))
