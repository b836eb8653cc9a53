"""Sparse members: finding the map of each dialect in headers or data, and the digest of the logical content."""

import hashlib
from collections.abc import Iterable, Mapping

from layerscope.layers.block_reader import BlockReader, TruncatedError
from layerscope.layers.extended_header import Extension
from layerscope.layers.limits import MAX_SPARSE_HASH, MAX_SPARSE_SEGMENTS
from layerscope.layers.pax import SPARSE_PREFIX, parse_count
from layerscope.layers.sparse import SparseMap, pair_segments, parse_old_gnu, parse_pax_map
from layerscope.layers.tar_header import BLOCK, HeaderError
from layerscope.layers.tar_number import parse_number

_GNU_SPARSE = ord("S")


def is_sparse(header: bytes, records: Mapping[bytes, bytes]) -> bool:
    """Whether the member is stored sparse, in any dialect."""
    return header[156] == _GNU_SPARSE or any(key.startswith(SPARSE_PREFIX) for key in records)


def read_map(reader: BlockReader, header: bytes, extension: Extension, size: int) -> SparseMap:
    """The map of a member of `size` bytes; the stored segments come next. Raises HeaderError and TruncatedError."""
    try:
        if header[156] == _GNU_SPARSE:
            sparse, in_data = _read_old_gnu_map(reader, header), 0
        else:
            in_header = parse_pax_map(extension.records, extension.pairs)
            sparse, in_data = (in_header, 0) if in_header else _read_data_map(reader, extension, size)
    except ValueError as error:
        raise HeaderError(f"a sparse file whose map is wrong ({error})") from error
    stored = size - in_data
    if sparse.stored != stored:
        raise HeaderError(f"a sparse file whose map is wrong (it holds {sparse.stored:,} bytes, the entry {stored:,})")
    return sparse


def read_digest(reader: BlockReader, sparse: SparseMap) -> bytes | None:
    """The SHA-256 of the logical content, holes included; None where it is too large to be worth hashing."""
    if sparse.size > MAX_SPARSE_HASH:
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


def _read_data_map(reader: BlockReader, extension: Extension, size: int) -> tuple[SparseMap, int]:
    """PAX format 1.0: decimal numbers, a line each, at the start of the data, filled up to whole blocks."""
    text = b""
    blocks = 0
    wanted = None
    while wanted is None or text.count(b"\n") < wanted:
        block = reader.read_block() if (blocks + 1) * BLOCK <= size else None
        if block is None:
            raise ValueError("the map does not end before the data does")
        blocks += 1
        text += block
        if wanted is None and b"\n" in text:
            count = parse_count(text.partition(b"\n")[0])
            if count > MAX_SPARSE_SEGMENTS:
                raise ValueError(f"more than {MAX_SPARSE_SEGMENTS:,} segments")
            wanted = 1 + 2 * count
    numbers = [parse_count(line) for line in text.split(b"\n")[1:wanted]]
    logical = parse_count(extension.records.get(b"GNU.sparse.realsize", b""))
    return SparseMap(logical, pair_segments(numbers)), blocks * BLOCK
