"""What extractors kept ⇄ plain values that msgpack can hold.

Extractors return None, booleans, numbers, texts, bytes, lists and maps with text keys. Two things in that range have no
form in msgpack, lone surrogates (from names that are not UTF-8) and integers beyond 64 bits; where they occur, the
values of that extractor are written in a longer form.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

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
_DECODER = msgspec.msgpack.Decoder(dict[str, Any])
_LONG_DECODER = msgspec.msgpack.Decoder(list[tuple[Any, Any]])


def pack_extracts(extracts: Mapping[str, Mapping[str, object]]) -> StoredExtracts:
    """Return the storable form; raises TypeError or ValueError for what is not plain data."""
    return [_pack(name, values) for name, values in extracts.items()]


def unpack_extracts(stored: StoredExtracts) -> dict[str, dict[str, object]]:
    """Return what `pack_extracts` was given."""
    return {each.name: _unpack(each) for each in stored}


def _pack(name: str, values: Mapping[str, object]) -> StoredExtract:
    try:
        return StoredExtract(name, False, memoryview(_ENCODER.encode(values)))
    except (UnicodeEncodeError, OverflowError):
        longer = [(_lengthen(path), _lengthen(value)) for path, value in values.items()]
        return StoredExtract(name, True, memoryview(_ENCODER.encode(longer)))


def _unpack(stored: StoredExtract) -> dict[str, object]:
    if not stored.is_long:
        return _DECODER.decode(stored.content)
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
