"""What is known of a layer ⇄ bytes: its index and what extractors kept, as the cache stores them.

Columns are stored as they lie in memory, little-endian, and all paths as one text joined by NUL, which no path can
hold: 167,000 entries are read back in some hundredths of a second. The frame is msgpack, typed and checked by msgspec.
"""

import sys
from array import array
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from layerscope.errors import CacheError
from layerscope.layers.cache_extracts import StoredExtracts, pack_extracts, unpack_extracts
from layerscope.layers.entry import Anomaly, EntryType
from layerscope.layers.index import DIGEST_SIZE, LayerIndex

INDEX_SCHEMA_VERSION: Final = 9
"""Raised whenever the same layer would be indexed or recorded differently."""

_SEPARATOR = "\0"
_ENCODING = "utf-8"
_ERRORS = "surrogatepass"
"""Paths hold lone surrogates for bytes that are not UTF-8; this writes any text and reads the same back."""

_ENTRY_TYPES = bytes(EntryType)


class _Texts(msgspec.Struct, array_like=True, frozen=True):
    count: int
    joined: memoryview


class _Column(msgspec.Struct, array_like=True, frozen=True):
    typecode: str
    content: memoryview


class _Xattrs(msgspec.Struct, array_like=True, frozen=True):
    """Attribute sets are few and repeat (a label for every file), so each is written once."""

    sets: list[list[tuple[memoryview, bytes]]]
    positions: _Column
    choices: _Column


class _Record(msgspec.Struct, array_like=True, frozen=True):
    paths: _Texts
    runs: _Column
    types: memoryview
    attributes: _Column
    attribute_table: list[tuple[int, int, int]]
    sizes: _Column
    mtimes_ns: _Column
    digests: memoryview
    offsets: _Column
    link_positions: _Column
    links: _Texts
    xattrs: _Xattrs
    devices: list[tuple[int, int, int]]
    sparse: list[tuple[int, _Column]]
    anomalies: list[tuple[str, memoryview, memoryview, int]]
    unnamed: dict[str, int]
    uncompressed_size: int
    unused: int
    extracts: StoredExtracts


_DECODER = msgspec.msgpack.Decoder(_Record)
_ENCODER = msgspec.msgpack.Encoder()


def encode_record(index: LayerIndex, extracts: Mapping[str, Mapping[str, object]]) -> bytes:
    """Return the bytes that `decode_record` turns back; raises CacheError for values that cannot be stored."""
    try:
        return _ENCODER.encode(_to_record(index, extracts))
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise CacheError(f"writing a layer of {len(index)} entries to the cache: {error}") from error


def decode_record(content: bytes | memoryview) -> tuple[LayerIndex, dict[str, Mapping[str, object]]]:
    """Return what `encode_record` was given; raises CacheError for anything else."""
    try:
        record = _DECODER.decode(content)
        return _to_index(record), unpack_extracts(record.extracts)
    except (msgspec.MsgspecError, ValueError, TypeError, RecursionError) as error:
        raise CacheError(f"reading a layer from the cache: {error}") from error


def _to_record(index: LayerIndex, extracts: Mapping[str, Mapping[str, object]]) -> _Record:
    return _Record(
        paths=_join(index.paths),
        runs=_to_column(index.runs),
        types=memoryview(index.types),
        attributes=_to_column(index.attributes),
        attribute_table=index.attribute_table,
        sizes=_to_column(index.sizes),
        mtimes_ns=_to_column(index.mtimes_ns),
        digests=memoryview(index.digests),
        offsets=_to_column(index.offsets),
        link_positions=_to_column(array("Q", index.links)),
        links=_join(list(index.links.values())),
        xattrs=_to_xattrs(index.xattrs),
        devices=[(position, *numbers) for position, numbers in index.devices.items()],
        sparse=[(position, _to_column(numbers)) for position, numbers in index.sparse.items()],
        anomalies=[(each.kind, _to_bytes(each.path), _to_bytes(each.detail), each.offset) for each in index.anomalies],
        unnamed=index.unnamed,
        uncompressed_size=index.uncompressed_size,
        unused=index.unused,
        extracts=pack_extracts(extracts),
    )


def _to_index(record: _Record) -> LayerIndex:
    paths = _split(record.paths)
    link_positions = _from_column(record.link_positions, record.links.count)
    return LayerIndex(
        paths=paths,
        runs=_check_runs(_from_column(record.runs, len(record.runs.content) // 4), len(paths)),
        types=_check_types(bytearray(record.types), len(paths)),
        attributes=_check_choices(_from_column(record.attributes, len(paths)), record.attribute_table),
        attribute_table=record.attribute_table,
        sizes=_from_column(record.sizes, len(paths)),
        mtimes_ns=_from_column(record.mtimes_ns, len(paths)),
        digests=_check_size(bytearray(record.digests), len(paths) * DIGEST_SIZE),
        offsets=_from_column(record.offsets, len(paths)),
        links=dict(zip(link_positions, _split(record.links), strict=True)),
        xattrs=_from_xattrs(record.xattrs),
        devices={position: (major, minor) for position, major, minor in record.devices},
        sparse={position: _from_column(numbers, len(numbers.content) // 8) for position, numbers in record.sparse},
        anomalies=tuple(
            Anomaly(kind, _to_text(path), _to_text(detail), offset) for kind, path, detail, offset in record.anomalies
        ),
        unnamed=record.unnamed,
        uncompressed_size=record.uncompressed_size,
        unused=record.unused,
    )


def _join(texts: list[str]) -> _Texts:
    joined = _SEPARATOR.join(texts)
    if joined.count(_SEPARATOR) > max(len(texts) - 1, 0):
        raise ValueError("a path holds a NUL character")
    return _Texts(len(texts), _to_bytes(joined))


def _split(texts: _Texts) -> list[str]:
    if not texts.count:
        return []
    found = _to_text(texts.joined).split(_SEPARATOR)
    if len(found) != texts.count:
        raise ValueError(f"{len(found)} texts, expected {texts.count}")
    return found


def _to_bytes(text: str) -> memoryview:
    return memoryview(text.encode(_ENCODING, _ERRORS))


def _to_text(content: memoryview) -> str:
    return str(content, _ENCODING, _ERRORS)


def _to_column(values: "array[int]") -> _Column:
    if sys.byteorder == "big":
        values = values[:]
        values.byteswap()
    return _Column(values.typecode, memoryview(values).cast("B"))


def _from_column(column: _Column, count: int) -> "array[int]":
    values: array[int] = array(column.typecode)
    values.frombytes(column.content)
    if len(values) != count:
        raise ValueError(f"a column of {len(values)} values, expected {count}")
    if sys.byteorder == "big":
        values.byteswap()
    return values


def _to_xattrs(xattrs: Mapping[int, Mapping[str, bytes]]) -> _Xattrs:
    choices: dict[tuple[tuple[str, bytes], ...], int] = {}
    chosen = array("Q", (choices.setdefault(tuple(each.items()), len(choices)) for each in xattrs.values()))
    sets = [[(_to_bytes(name), value) for name, value in each] for each in choices]
    return _Xattrs(sets, _to_column(array("Q", xattrs)), _to_column(chosen))


def _from_xattrs(stored: _Xattrs) -> dict[int, dict[str, bytes]]:
    sets = [{_to_text(name): value for name, value in each} for each in stored.sets]
    positions = _from_column(stored.positions, len(stored.positions.content) // 8)
    choices = _check_choices(_from_column(stored.choices, len(positions)), sets)
    return {position: sets[choice] for position, choice in zip(positions, choices, strict=True)}


def _check_types(types: bytearray, count: int) -> bytearray:
    if types.translate(None, _ENTRY_TYPES):
        raise ValueError("an unknown entry type")
    return _check_size(types, count)


def _check_size(content: bytearray, size: int) -> bytearray:
    if len(content) != size:
        raise ValueError(f"a column of {len(content)} bytes, expected {size}")
    return content


def _check_runs(runs: "array[int]", count: int) -> "array[int]":
    if count and (not runs or runs[0] or runs[-1] >= count):
        raise ValueError("directories that do not begin with the first entry, or go on after the last")
    return runs


def _check_choices(choices: "array[int]", table: Sequence[Any]) -> "array[int]":
    if choices and max(choices) >= len(table):
        raise ValueError("a value that its table does not hold")
    return choices
