"""Content: the bytes of chosen entries, found again by their offset in the layer's tar."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing

from layerscope.errors import LayerDamageError
from layerscope.image.layer import Layer
from layerscope.layers.block_reader import BlockReader, TruncatedError
from layerscope.layers.columns import NO_DIGEST
from layerscope.layers.compression import CorruptError, Decompressor, TruncatedStreamError
from layerscope.layers.entry import EntryType
from layerscope.layers.index import LayerIndex
from layerscope.layers.limits import MAX_SPARSE_HOLES, MIB, LimitPassedError
from layerscope.layers.sparse import SparseMap, pair_segments


def iter_contents(layer: Layer, index: LayerIndex, positions: Iterable[int]) -> Iterator[tuple[int, Iterator[bytes]]]:
    """The content of each of these files, in the tar's order, in one pass over the layer.

    A content is to be read before the next one is asked for; what is left of it is skipped. Raises LayerDamageError.
    """
    wanted = sorted({p for p in positions if index.types[p] == EntryType.FILE}, key=lambda p: index.offsets[p])
    with closing(layer.open()) as stream:
        chunks = Decompressor(iter(lambda: stream.read(MIB), b"")).iter_chunks()
        reader = BlockReader(chunks)
        for position in wanted:
            path = index.paths[position]
            sparse = _find_sparse(index, position, layer)
            offset, size = index.offsets[position], sparse.stored if sparse else index.sizes[position]
            reader.skip(offset - reader.offset)
            body = _iter_body(reader, size, layer, path)
            yield position, body if sparse is None else map(bytes, sparse.iter_content(body))
            reader.skip(offset + size - reader.offset)


def _find_sparse(index: LayerIndex, position: int, layer: Layer) -> SparseMap | None:
    numbers = index.sparse.get(position)
    if numbers is None:
        return None
    size = index.sizes[position]
    if index.digest(position) == NO_DIGEST:
        raise LayerDamageError(
            f"reading {index.paths[position]!r} of layer {layer.name}: a sparse file of {size:,} bytes, "
            f"whose layer passes the limit of {MAX_SPARSE_HOLES:,} bytes of holes"
        )
    return SparseMap(size, pair_segments(list(numbers)))


def _iter_body(reader: BlockReader, size: int, layer: Layer, path: str) -> Iterator[bytes]:
    what = f"reading {path!r} of layer {layer.name}"
    try:
        for piece in reader.iter_body(size):
            yield bytes(piece)
    except TruncatedError as error:
        raise LayerDamageError(f"{what}: the layer ends before the file does") from error
    except (CorruptError, TruncatedStreamError, LimitPassedError) as error:
        raise LayerDamageError(f"{what}: {error}") from error


ReadContents = Callable[[int, Iterable[int]], Iterator[tuple[int, Iterator[bytes]]]]
"""Given a layer's number and positions in its index, yields (position, content) in the tar's order."""
