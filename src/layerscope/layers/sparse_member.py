"""Sparse members: finding the map of each dialect in headers or data, and the digest of the logical content."""

import hashlib
from collections.abc import Iterable, Mapping

from layerscope.layers.block_reader import BlockReader, TruncatedError
from layerscope.layers.limits import MAX_NUMBER, MAX_SPARSE_SEGMENTS
from layerscope.layers.pax import parse_count
from layerscope.layers.sparse import (
    MapPlace,
    SparseMap,
    find_map,
    is_map_counted,
    pair_segments,
    parse_old_gnu,
    parse_pax_map,
    parse_size,
)
from layerscope.layers.tar_header import BLOCK, HeaderError
from layerscope.layers.tar_number import parse_number

_GNU_SPARSE = ord("S")


def is_sparse(header: bytes, records: Mapping[bytes, bytes]) -> bool:
    """Whether the member is stored sparse, in any dialect."""
    return header[156] == _GNU_SPARSE or find_map(records) is not None


def find_sparse_name(header: bytes, records: Mapping[bytes, bytes]) -> bytes:
    """The name that a sparse file of a PAX format has besides that in its header; empty for any other member."""
    is_named = header[156] != _GNU_SPARSE and find_map(records) is not None
    return records.get(b"GNU.sparse.name", b"") if is_named else b""


def is_miscounted(header: bytes, records: Mapping[bytes, bytes], sparse: SparseMap) -> bool:
    """Whether the map lies in records that do not say how many segments it has: Go's archive/tar refuses it then."""
    in_records = header[156] != _GNU_SPARSE and find_map(records) is MapPlace.RECORDS
    return in_records and not is_map_counted(records, len(sparse.segments))


def read_map(reader: BlockReader, header: bytes, records: Mapping[bytes, bytes], size: int) -> SparseMap:
    """The map of a member of `size` bytes; the stored segments come next. Raises HeaderError and TruncatedError."""
    try:
        if header[156] == _GNU_SPARSE:
            sparse, in_data = _read_old_gnu_map(reader, header), 0
        elif find_map(records) is MapPlace.RECORDS:
            sparse, in_data = parse_pax_map(records, size), 0
        else:
            sparse, in_data = _read_data_map(reader, records, size)
    except ValueError as error:
        raise HeaderError(f"a sparse file whose map is wrong ({error})") from error
    stored = size - in_data
    if sparse.size > MAX_NUMBER:
        raise HeaderError(f"a sparse file of {sparse.size} bytes, limit {MAX_NUMBER}")
    if sparse.stored != stored:
        raise HeaderError(f"a sparse file whose map is wrong (it holds {sparse.stored:,} bytes, the entry {stored:,})")
    return sparse


def read_digest(reader: BlockReader, sparse: SparseMap, *, holes: int) -> bytes | None:
    """The SHA-256 of the logical content; None where it has more than `holes` bytes of holes, which cost time alone."""
    if sparse.size - sparse.stored > holes:
        reader.skip(sparse.stored)
        return None
    return _hash(sparse.iter_content(reader.iter_body(sparse.stored)))


def _hash(pieces: Iterable[bytes | memoryview]) -> bytes:
    content = hashlib.sha256()
    for piece in pieces:
        content.update(piece)
    return content.digest()


def _read_old_gnu_map(reader: BlockReader, header: bytes) -> SparseMap:
    segments = parse_old_gnu(header[386:482])
    more = header[482]
    while more:
        block = reader.read_block()
        if block is None:
            raise TruncatedError
        segments += parse_old_gnu(block[:504])
        more = block[504]
        if len(segments) > MAX_SPARSE_SEGMENTS:
            raise ValueError(f"more than {MAX_SPARSE_SEGMENTS:,} segments")
    return SparseMap(parse_number(header[483:495]), tuple(segments))


def _read_data_map(reader: BlockReader, records: Mapping[bytes, bytes], size: int) -> tuple[SparseMap, int]:
    """PAX format 1.0: decimal numbers, a line each, at the start of the data, filled up to whole blocks."""
    lines: list[bytes] = []
    rest = b""
    blocks = 0
    wanted = 1
    while len(lines) < wanted:
        block = reader.read_block() if (blocks + 1) * BLOCK <= size else None
        if block is None:
            raise ValueError("the map does not end before the data does")
        blocks += 1
        *complete, rest = (rest + block).split(b"\n")
        lines += complete
        if lines and wanted == 1:
            count = parse_count(lines[0])
            if count > MAX_SPARSE_SEGMENTS:
                raise ValueError(f"more than {MAX_SPARSE_SEGMENTS:,} segments")
            wanted = 1 + 2 * count
        if len(lines) < wanted and len(rest) > BLOCK:
            raise ValueError("the map holds something else than numbers")
    numbers = [parse_count(line) for line in lines[1:wanted]]
    return SparseMap(parse_size(records, size), pair_segments(numbers)), blocks * BLOCK
