"""Tables of contents held against the layers that carry them, each once: what was found is kept."""

import hashlib
from dataclasses import replace
from typing import Final

import msgspec

from layerscope.audit.options import AuditOptions
from layerscope.audit.read_image import ReadImage
from layerscope.errors import CacheError, SourceError
from layerscope.image.layer import Layer
from layerscope.layers.scan import LayerScan, Proof
from layerscope.layers.toc.place import TableClaim
from layerscope.layers.toc.result import TableScan
from layerscope.layers.toc.scan import compare_layer, list_layer_claims
from layerscope.progress import Progress

VERSION: Final = 1
"""Of what a comparison finds; raised when it would find something else in the same bytes."""

_RESULTS: Final = msgspec.msgpack.Decoder(list[TableScan])


def compare_tables(read: ReadImage, *, options: AuditOptions, progress: Progress) -> ReadImage:
    """The image with its layers' tables of contents compared; layers that are not whole are left alone."""
    pairs = zip(read.image.layers, read.scans, strict=True)
    return replace(read, scans=tuple(_compare(layer, scan, options, progress) for layer, scan in pairs))


def _compare(layer: Layer, scan: LayerScan, options: AuditOptions, progress: Progress) -> LayerScan:
    if scan.damage is not None or scan.blob is None or scan.proof in {Proof.NONE, Proof.TABLE}:
        return scan
    claims = list_layer_claims(layer, scan)
    if not claims:
        return scan
    name = _name(scan, claims)
    known = options.cache.find_table(name, _decode)
    if known is None:
        progress.note(f"comparing the table of contents of layer {layer.diff_id.short}")
        try:
            known = tuple(compare_layer(layer, scan, claim, options.limits) for claim in claims)
        except SourceError as error:
            return replace(scan, uncompared=str(error))
        if _is_worth_keeping(layer, claims, known):
            options.cache.keep_table(name, msgspec.msgpack.encode(known))
    return replace(scan, tables=known)


def _is_worth_keeping(layer: Layer, claims: tuple[TableClaim, ...], found: tuple[TableScan, ...]) -> bool:
    """Whether the next comparison would find the same.

    A table that no manifest names, fetched by a range of its own, need not be the one in the blob that was read; and
    what could not be used may have come to harm on its way, or passed a limit of this run.
    """
    is_proved = layer.stamp is not None or all(claim.digest is not None for claim in claims)
    return is_proved and all(table.problem is None for table in found)


def _name(scan: LayerScan, claims: tuple[TableClaim, ...]) -> str:
    """The name under which a comparison is kept: the blob, what leads to its tables, and the comparison's version."""
    assert scan.blob is not None, "only blobs carry tables"
    return hashlib.sha256(f"{VERSION} {scan.blob.digest} {claims!r}".encode()).hexdigest()


def _decode(body: memoryview) -> tuple[TableScan, ...]:
    try:
        return tuple(_RESULTS.decode(body))
    except msgspec.MsgspecError as error:
        raise CacheError(f"reading what comparing a table of contents found: {error}") from error
