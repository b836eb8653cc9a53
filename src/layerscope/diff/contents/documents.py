"""JSON and TOML compared by key."""

import json
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any, Final

import tomli

from layerscope.diff.contents.content_diff import ContentDiff, ContentReader
from layerscope.diff.contents.work import Work
from layerscope.formats.secret_blocks import names_credential, redact_block
from layerscope.formats.secret_text import REDACTED, UNSEARCHED, may_be_shown

_ABSENT: Final = object()

KEYS_LIMIT: Final = 2000
"""Keys that are told."""

DEPTH_LIMIT: Final = 64
"""Levels of a document that are walked through; what differs further down is told without its values."""

LINE_LIMIT: Final = 2000
"""Characters of a key or value that are told: names of keys may be as long as the file, and come with each below."""

NAME_LIMIT: Final = 200
"""Characters of a key that are looked at for what it names."""

_Parts = Mapping[str | int, Any]
_NAMES: Final = ("name", "Name", "key", "Key")
_VALUES: Final = frozenset({"value", "Value"})
"""How lists of variables call a variable's name and value."""


class DocumentReader(ContentReader):
    """Compares documents of keys and values; what a name of a credential stands above is hidden."""

    def __init__(self, kind: str, suffix: str, parse: Callable[[str], Any]) -> None:
        """A kind of document, known by its file's suffix."""
        self._kind, self._suffix, self._parse = kind, suffix, parse

    def compare(self, path: str, before: bytes, after: bytes, work: Work) -> ContentDiff | None:
        """The keys that came, went, or have another value."""
        if not path.endswith(self._suffix):
            return None
        work.spend(len(before) + len(after))
        try:
            one, other = self._parse(before.decode()), self._parse(after.decode())
            lines = tuple(islice(_iter_lines("", one, other, is_hidden=False, depth=0), KEYS_LIMIT + 1))
        except (ValueError, RecursionError):
            return None
        if not lines:
            return ContentDiff(self._kind, remark="the same keys and values; order or layout differ")
        more = "and more keys" if len(lines) > KEYS_LIMIT else ""
        return ContentDiff(self._kind, lines[:KEYS_LIMIT], more)


JSON_READER: Final = DocumentReader("JSON", ".json", json.loads)
TOML_READER: Final = DocumentReader("TOML", ".toml", tomli.loads)


def _iter_lines(name: str, before: Any, after: Any, *, is_hidden: bool, depth: int) -> Iterator[str]:
    """Each value that only one side has, or another one there; lists are walked into like maps, by number."""
    one, other = _find_parts(before), _find_parts(after)
    if depth >= DEPTH_LIMIT or (one is None and other is None):
        yield from _tell_change(name, before, after, is_hidden=is_hidden or depth >= DEPTH_LIMIT)
    elif before is _ABSENT or after is _ABSENT or _is_alike(before, after):
        yield from _walk(name, one or {}, other or {}, is_hidden=is_hidden, depth=depth + 1)
    else:
        yield from _iter_lines(name, before, _ABSENT, is_hidden=is_hidden, depth=depth)
        yield from _iter_lines(name, _ABSENT, after, is_hidden=is_hidden, depth=depth)


def _walk(name: str, before: _Parts, after: _Parts, *, is_hidden: bool, depth: int) -> Iterator[str]:
    for key in dict.fromkeys([*before, *after]):
        inner = f"{name}[{key}]" if isinstance(key, int) else f"{name}.{key}" if name else key
        yield from _iter_lines(
            inner[:LINE_LIMIT],
            before.get(key, _ABSENT),
            after.get(key, _ABSENT),
            is_hidden=is_hidden or _hides(before, key) or _hides(after, key),
            depth=depth,
        )


def _find_parts(value: Any) -> _Parts | None:
    """What a map or list that is not empty consists of."""
    if not value or not isinstance(value, Mapping | list):
        return None
    return dict(enumerate(value)) if isinstance(value, list) else value


def _is_alike(one: Any, other: Any) -> bool:
    """Whether both are lists, or both maps."""
    return any(isinstance(one, kind) and isinstance(other, kind) for kind in (list, Mapping))


def _hides(parts: _Parts, key: str | int) -> bool:
    """Whether what stands there is a credential by its key, by the name beside it or by the option before it."""
    if isinstance(key, int):
        option = parts.get(key - 1)
        return isinstance(option, str) and option.startswith("-") and names_credential(option[:NAME_LIMIT].lstrip("-"))
    names = [key, *(map(parts.get, _NAMES) if key in _VALUES else ())]
    return any(isinstance(name, str) and names_credential(name[-NAME_LIMIT:]) for name in names)


def _tell_change(name: str, before: Any, after: Any, *, is_hidden: bool) -> Iterator[str]:
    if _tell(before) == _tell(after):
        return
    shown = redact_block(name) or "."
    for sign, value in (("-", before), ("+", after)):
        if value is not _ABSENT:
            told = _tell(redact_block(value) if isinstance(value, str) else value)
            told = REDACTED if is_hidden and not may_be_shown(told) else told
            yield f"{sign}{shown} = {told if len(told) <= LINE_LIMIT else told[:LINE_LIMIT] + UNSEARCHED}"


def _tell(value: Any) -> str:
    """As JSON, which tells 1 from true."""
    return "" if value is _ABSENT else json.dumps(value, ensure_ascii=False, default=str)
