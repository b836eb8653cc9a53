"""The JSON of manifests, indexes and configs, read strictly and with limits."""

import json
import math
import re
from collections import Counter
from collections.abc import Iterator

from msgspec import Struct

from layerscope.errors import DocumentError, LimitError

MAX_DOCUMENT_SIZE = 4 << 20
"""Bytes of one document. Registries and skopeo refuse larger manifests and configs; real ones stay below 1 MiB."""

MAX_DEPTH = 32
"""Nested objects and lists. The specification needs 5; deeper nesting only serves to exhaust a parser's stack."""

MAX_INTEGER_DIGITS = 20
"""Digits of a number: enough for every 64-bit value, too few to make conversion slow."""

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def parse_json(content: bytes, *, where: str, limit: int = MAX_DOCUMENT_SIZE) -> object:
    """Return the value that `content` spells, as UTF-8 JSON without duplicate keys, NaN or excesses."""
    if len(content) > limit:
        raise LimitError(f"reading {where}: {len(content)} bytes, limit {limit}")
    try:
        value: object = json.loads(
            content.decode(),
            object_pairs_hook=_to_object,
            parse_int=_to_integer,
            parse_float=_to_float,
            parse_constant=_refuse_constant,
        )
    except RecursionError as error:
        raise LimitError(f"reading {where}: nested deeper than {MAX_DEPTH} levels") from error
    except UnicodeDecodeError as error:
        raise DocumentError(f"reading {where}: byte {error.start} is not UTF-8, expected JSON in UTF-8") from error
    except ValueError as error:
        raise DocumentError(f"reading {where}: not valid JSON: {error}") from error
    _check_depth(value, where)
    return value


def parse_object(content: bytes, *, where: str) -> "JsonObject":
    """Return the JSON object that `content` spells; any other value is a DocumentError."""
    return JsonObject.of(parse_json(content, where=where), where=where)


class JsonObject(Struct, frozen=True):
    """A JSON object whose members are asked for by type; `where` names it in errors.

    A member that is absent and one that is null are the same: Go writes null for an empty list or map.
    """

    members: dict[str, object]
    where: str

    @classmethod
    def of(cls, raw: object, *, where: str) -> "JsonObject":
        """Return `raw` as an object; raises DocumentError when it is something else."""
        if not isinstance(raw, dict):
            raise DocumentError(f"reading {where}: expected an object, found {describe_json(raw)}")
        return cls(raw, where)

    def __contains__(self, key: str) -> bool:
        return key in self.members

    def _find(self, key: str) -> object:
        """A member; raises DocumentError for one under the same name in another case, which Go takes as well."""
        folded = key.casefold()
        for name in self.members:
            if name != key and name.casefold() == folded:
                raise DocumentError(f"reading {self.where}: the key {name[:80]!r}, expected {key!r}")
        return self.members.get(key)

    def get_text(self, key: str, default: str = "") -> str:
        """A string member, or `default` where it is absent."""
        value = self._find(key)
        if value is None:
            return default
        return _expect_text(value, f"{self.where}: {key}")

    def require_text(self, key: str) -> str:
        """A string member that must be there and not be empty."""
        text = self.get_text(key)
        if not text:
            raise DocumentError(f"reading {self.where}: {key} is missing, expected a string")
        return text

    def get_flag(self, key: str) -> bool:
        """A boolean member; false where it is absent."""
        value = self._find(key)
        if value is None:
            return False
        if not isinstance(value, bool):
            raise DocumentError(f"reading {self.where}: {key}: expected true or false, found {describe_json(value)}")
        return value

    def get_integer(self, key: str, default: int | None = 0) -> int:
        """A whole number; `default` where it is absent, and with None it must be there."""
        value = self._find(key)
        if value is None and default is not None:
            return default
        if isinstance(value, bool) or not isinstance(value, int):
            raise DocumentError(f"reading {self.where}: {key}: expected a whole number, found {describe_json(value)}")
        return value

    def get_object(self, key: str) -> "JsonObject | None":
        """A member that is an object, or None where it is absent."""
        value = self._find(key)
        return None if value is None else JsonObject.of(value, where=f"{self.where}: {key}")

    def get_items(self, key: str, limit: int) -> Iterator[tuple[object, str]]:
        """The items of a list, each with its place for errors; none where the list is absent."""
        value = self._find(key)
        if value is None:
            return iter(())
        if not isinstance(value, list):
            raise DocumentError(f"reading {self.where}: {key}: expected a list, found {describe_json(value)}")
        if len(value) > limit:
            raise LimitError(f"reading {self.where}: {key} holds {len(value)} items, limit {limit}")
        return ((item, f"{self.where}: {key}[{number}]") for number, item in enumerate(value))

    def get_texts(self, key: str, limit: int) -> tuple[str, ...]:
        """A list of strings; empty where it is absent."""
        return tuple(_expect_text(item, where) for item, where in self.get_items(key, limit))

    def get_text_map(self, key: str) -> dict[str, str]:
        """An object whose values are strings; empty where it is absent."""
        child = self.get_object(key)
        if child is None:
            return {}
        return {
            clean_text(name): _expect_text(value, f"{child.where}[{name[:80]!r}]")
            for name, value in child.members.items()
        }

    def get_names(self, key: str) -> tuple[str, ...]:
        """The keys of an object that stands for a set, sorted; empty where it is absent."""
        child = self.get_object(key)
        return () if child is None else tuple(sorted(clean_text(name) for name in child.members))


def describe_json(value: object) -> str:
    """What a JSON value is, for an error message."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return f"the number {value}"
        case str():
            return f"the string {value[:40]!r}"
        case list():
            return "a list"
        case _:
            return "an object"


def clean_text(text: str) -> str:
    """Replace lone surrogates, which no encoding can write, by U+FFFD as Go does."""
    return text if text.isascii() else _LONE_SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text)


def _expect_text(value: object, where: str) -> str:
    if not isinstance(value, str):
        raise DocumentError(f"reading {where}: expected a string, found {describe_json(value)}")
    return clean_text(value)


def _to_object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        twice = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        raise ValueError(f"the key {twice[:80]!r} occurs twice in one object")
    return members


def _to_integer(digits: str) -> int:
    if len(digits) > MAX_INTEGER_DIGITS:
        raise ValueError(f"a number of {len(digits)} digits, limit {MAX_INTEGER_DIGITS}")
    return int(digits)


def _to_float(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise ValueError(f"the number {digits[:40]} is too large")
    return value


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")


def _check_depth(value: object, where: str) -> None:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [child for parent in level for child in _children(parent)]
        if not level:
            return
    if not any(isinstance(each, dict | list) for each in level):
        return
    raise LimitError(f"reading {where}: nested deeper than {MAX_DEPTH} levels")


def _children(value: object) -> Iterator[object]:
    if isinstance(value, dict):
        return iter(value.values())
    return iter(value) if isinstance(value, list) else iter(())
