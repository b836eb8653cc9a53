"""JSON and TOML compared by key."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import tomli

from layerscope.diff.contents.content_diff import ContentDiff, ContentReader
from layerscope.formats.secret_text import redact_value

_ABSENT: Final = object()

KEYS_LIMIT: Final = 2000
"""Keys that are told."""

DEPTH_LIMIT: Final = 64
"""Levels of a document that are walked through; beyond, a value is one."""


class DocumentReader(ContentReader):
    """Compares documents of keys and values."""

    def __init__(self, kind: str, suffix: str, parse: Callable[[str], Any]) -> None:
        """A kind of document, known by its file's suffix."""
        self._kind, self._suffix, self._parse = kind, suffix, parse

    def compare(self, path: str, before: bytes, after: bytes) -> ContentDiff | None:
        """The keys that came, went, or have another value."""
        if not path.endswith(self._suffix):
            return None
        try:
            one, other = self._parse(before.decode()), self._parse(after.decode())
            lines = tuple(line for line, _ in zip(_iter_lines("", one, other, 0), range(KEYS_LIMIT), strict=False))
        except (ValueError, RecursionError):
            return None
        if not lines:
            return ContentDiff(self._kind, remark="the same keys and values; order or layout differ")
        return ContentDiff(self._kind, lines)


JSON_READER: Final = DocumentReader("JSON", ".json", json.loads)
TOML_READER: Final = DocumentReader("TOML", ".toml", tomli.loads)


def _iter_lines(name: str, before: Any, after: Any, depth: int) -> Iterator[str]:
    if isinstance(before, Mapping) and isinstance(after, Mapping) and depth < DEPTH_LIMIT:
        for key in dict.fromkeys([*before, *after]):
            inner = f"{name}.{key}" if name else str(key)
            yield from _iter_lines(inner, before.get(key, _ABSENT), after.get(key, _ABSENT), depth + 1)
        return
    one, other = (None if each is _ABSENT else _tell(each) for each in (before, after))
    if one != other:
        hidden = name.rpartition(".")[2]
        yield from (
            f"{sign}{name or '.'} = {redact_value(hidden, told)}" for sign, told in (("-", one), ("+", other)) if told
        )


def _tell(value: Any) -> str:
    """As JSON, which tells 1 from true."""
    return json.dumps(value, ensure_ascii=False, default=str)
