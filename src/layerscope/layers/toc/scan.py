"""One layer's tables of contents: found, fetched, and compared with the tar or told in its place."""

import hashlib
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Final

from layerscope.errors import SourceError
from layerscope.image.layer import Layer
from layerscope.layers.index import LayerIndex
from layerscope.layers.limits import Limits
from layerscope.layers.scan import LayerScan, Proof
from layerscope.layers.toc.compare import compare_table
from layerscope.layers.toc.document import MAX_TABLE, TableError, parse_table, unpack_table
from layerscope.layers.toc.place import (
    FOOTER_WINDOW,
    TableClaim,
    TableForm,
    TablePlace,
    is_elsewhere,
    list_claims,
    parse_footer,
)
from layerscope.layers.toc.result import TableScan

MAX_NAMED: Final = 20
"""Differences of one table that are named; further ones are counted."""

SPARE_ENTRIES: Final = 1000
"""Entries that a table may have beyond twice those of its tar before it is not worth comparing."""

_NOTHING: Final[Mapping[str, Mapping[str, object]]] = {}


class TableElsewhereError(SourceError):
    """A layer's table lies in an image of its own, which is not looked for."""


def list_layer_claims(layer: Layer, scan: LayerScan | None = None) -> tuple[TableClaim, ...]:
    """The tables of a layer that runtimes would use: those that the manifest names, and what the blob's end names.

    The end is that of `scan`, which has read the blob, if it is given.
    """
    if layer.descriptor is None:
        return ()
    claims = list_claims(layer.descriptor.annotations)
    end = scan.blob.table if scan is not None and scan.blob is not None else None
    if end is None or any(claim.problem is None and claim.place in (None, end) for claim in claims):
        return claims
    return (*claims, TableClaim(None, place=end))


def compare_layer(layer: Layer, scan: LayerScan, claim: TableClaim, limits: Limits) -> TableScan:
    """Read a table and compare it with the tar that `scan` has read; raises SourceError."""
    form = claim.place.form if claim.place else TableForm.ESTARGZ
    if claim.problem is not None:
        return TableScan(form.value, claim.digest is not None, problem=claim.problem)
    most = SPARE_ENTRIES + 2 * len(scan.index)
    try:
        place = claim.place or (scan.blob.table if scan.blob else None) or _ask_end(layer)
        form = place.form
        table = read_table(layer, claim, place, most=min(most, limits.layer_entries))
    except TableError as error:
        return TableScan(form.value, claim.digest is not None, problem=str(error))
    found = compare_table(table, scan.index, is_in_tar=form is TableForm.ESTARGZ)
    named = tuple(islice(found, MAX_NAMED))
    count = len(named) + sum(1 for _ in found)
    return TableScan(form.value, claim.digest is not None, len(table), None, named, count)


def scan_by_table(layer: Layer, limits: Limits) -> LayerScan | None:
    """The scan of a layer as its table describes it, of which nothing is proved but the table itself.

    None where the manifest names no table, where no runtime could use it, and where it cannot be had alone.
    """
    for claim in list_layer_claims(layer):
        if claim.problem is not None:
            continue
        try:
            index = read_table(layer, claim, claim.place or _ask_end(layer), most=limits.layer_entries)
        except (TableError, SourceError):
            continue
        return LayerScan(None, None, index, _NOTHING, None, Proof.TABLE)
    return None


def read_table(layer: Layer, claim: TableClaim, place: TablePlace, *, most: int) -> LayerIndex:
    """Fetch a table of at most so many entries, hold it against its digest, and parse it.

    Raises TableError and SourceError.
    """
    assert layer.descriptor is not None, "a layer without a descriptor has no claims"
    if place.offset + place.size > layer.descriptor.size:
        raise TableError(f"it should lie at bytes {place.offset:,} to {place.offset + place.size:,}, beyond the blob")
    if place.size > MAX_TABLE:
        raise TableError(f"it takes {place.size:,} bytes, limit {MAX_TABLE:,}")
    stored = _fetch(layer, place.offset, place.size)
    if claim.is_of_stored:
        _check(stored, claim)
    content = unpack_table(stored, place.form)
    if not claim.is_of_stored:
        _check(content, claim)
    return parse_table(content, most=most)


def _check(content: bytes, claim: TableClaim) -> None:
    if claim.digest is None:
        return
    found = hashlib.new(claim.digest.algorithm, content).hexdigest()
    if found != claim.digest.hex:
        raise TableError(f"its digest is {claim.digest.algorithm}:{found}, the manifest names {claim.digest}")


def _ask_end(layer: Layer) -> TablePlace:
    """The place that the end of the blob names; raises TableError where it names none."""
    assert layer.descriptor is not None, "a layer without a descriptor has no claims"
    size = layer.descriptor.size
    start = max(size - FOOTER_WINDOW, 0)
    tail = _fetch(layer, start, size - start)
    place = parse_footer(tail, size)
    if place is None and is_elsewhere(tail):
        raise TableElsewhereError("the table of contents lies in an image of its own, which is not looked for")
    if place is None:
        raise TableError("the blob's end does not say where it lies")
    return place


def _fetch(layer: Layer, offset: int, size: int) -> bytes:
    """A range of the blob; raises TableError where there are fewer bytes."""
    content = b"".join(_iter_range(layer, offset, size))
    if len(content) != size:
        raise TableError(f"the blob ends at byte {offset + len(content):,}, inside it")
    return content


def _iter_range(layer: Layer, offset: int, size: int) -> Iterator[bytes]:
    stream = layer.open_range(offset, size)
    try:
        while size and (chunk := stream.read(size)):
            yield chunk
            size -= len(chunk)
    finally:
        stream.close()
