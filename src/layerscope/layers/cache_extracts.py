"""What extractors kept ⇄ plain values that msgpack can hold.

Extractors return None, booleans, numbers, texts, bytes, lists and maps with text keys. Two things in that range have no
form in msgpack, lone surrogates (from names that are not UTF-8) and integers beyond 64 bits; where they occur, the
values of that extractor are written in a longer form.

Reading back finds out where each value lies and that the bytes are a form of msgpack; a value itself is made when it is
asked for. A warm audit asks for few, and those of ELF objects, with all their symbols, are megabytes.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from layerscope.errors import CacheError

_ENCODING = "utf-8"
_ERRORS = "surrogatepass"
_SMALLEST, _LARGEST = -(1 << 63), (1 << 64) - 1
_TEXT, _INTEGER, _LIST, _MAP = "t", "i", "l", "m"


class StoredExtract(msgspec.Struct, array_like=True, frozen=True):
    """What one extractor kept; in the longer form, what msgpack may not hold is a pair of a tag and a value."""

    name: str
    is_long: bool
    content: memoryview


StoredExtracts = list[StoredExtract]

_ENCODER = msgspec.msgpack.Encoder()
_ROWS_DECODER = msgspec.msgpack.Decoder(dict[str, msgspec.Raw])
_DECODER = msgspec.msgpack.Decoder()
_LONG_DECODER = msgspec.msgpack.Decoder(list[tuple[Any, Any]])


class StoredValues(Mapping[str, object]):
    """What one extractor kept, by path; each value is decoded when it is first asked for.

    Asking raises CacheError for a value that is not plain data after all. A layer's checksum was right when it was
    loaded, so that only who forges an entry comes to that; whoever collects facts makes a gap of it, as of any failure.
    """

    def __init__(self, rows: Mapping[str, bytes | msgspec.Raw]) -> None:
        """Hold each value as msgpack."""
        self._rows = rows
        self._values: dict[str, object] = {}

    def __getitem__(self, path: str) -> object:
        if path not in self._values:
            row = self._rows[path]
            try:
                self._values[path] = _DECODER.decode(row)
            except (msgspec.MsgspecError, ValueError) as error:
                raise CacheError(f"reading what an extractor kept of {path!r} from the cache: {error}") from error
        return self._values[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, path: object) -> bool:
        return path in self._rows

    def __reduce__(self) -> tuple[type["StoredValues"], tuple[dict[str, bytes]]]:
        return StoredValues, ({path: bytes(row) for path, row in self._rows.items()},)


def pack_extracts(extracts: Mapping[str, Mapping[str, object]]) -> StoredExtracts:
    """Return the storable form; raises TypeError or ValueError for what is not plain data."""
    return [_pack(name, values) for name, values in extracts.items()]


def unpack_extracts(stored: StoredExtracts) -> dict[str, Mapping[str, object]]:
    """Return what `pack_extracts` was given; raises ValueError or msgspec's errors for what it never returned."""
    return {each.name: _unpack(each) for each in stored}


def _pack(name: str, values: Mapping[str, object]) -> StoredExtract:
    try:
        return StoredExtract(name, False, memoryview(_ENCODER.encode(dict(values))))
    except (UnicodeEncodeError, OverflowError):
        longer = [(_lengthen(path), _lengthen(value)) for path, value in values.items()]
        return StoredExtract(name, True, memoryview(_ENCODER.encode(longer)))


def _unpack(stored: StoredExtract) -> Mapping[str, object]:
    if not stored.is_long:
        return StoredValues(_ROWS_DECODER.decode(stored.content))
    return {_shorten(path): _shorten(value) for path, value in _LONG_DECODER.decode(stored.content)}


def _lengthen(value: object) -> object:
    match value:
        case str():
            return _TEXT, value.encode(_ENCODING, _ERRORS)
        case bool():
            return value
        case int() if not _SMALLEST <= value <= _LARGEST:
            return _INTEGER, hex(value)
        case list() | tuple():
            return _LIST, [_lengthen(item) for item in value]
        case Mapping():
            return _MAP, [(_lengthen(key), _lengthen(member)) for key, member in value.items()]
        case _:
            return value


def _shorten(value: Any) -> Any:
    match value:
        case [str(tag), content]:
            return _shorten_tagged(tag, content)
        case list():
            raise ValueError("a list without its tag")
        case _:
            return value


def _shorten_tagged(tag: str, content: Any) -> object:
    match tag:
        case "t":
            return str(content, _ENCODING, _ERRORS)
        case "i":
            return int(content, 16)
        case "l":
            return [_shorten(item) for item in content]
        case "m":
            return {_shorten(key): _shorten(member) for key, member in content}
        case _:
            raise ValueError(f"a value of the unknown form {tag!r}")
