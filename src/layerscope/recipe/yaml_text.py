"""Plain YAML: nested mappings and lists of texts, numbers and booleans, written so that every reader agrees on them."""

import json
import re
from collections.abc import Iterator
from itertools import takewhile
from typing import Final

from msgspec import Struct

from layerscope.recipe.comments import HASH, write_comments

_PLAIN: Final = re.compile(r"[A-Za-z/][A-Za-z0-9/._-]*")
"""Texts that need no quotes."""

_WORDS: Final = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n", "nan", "infinity"})
"""Words that YAML 1.1 takes for something else, or JSON."""


_ODD: Final = re.compile("[\x7f-\xa0\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
"""Letters that end a line in YAML, or that its readers do not take as they are.

Of letters beyond 16 bits, JSON's pair of escapes would be two letters to YAML: they stand as they are.
"""


class Block(str):
    """A text of several lines that is written as a block."""

    __slots__ = ()


class Noted(Struct, frozen=True):
    """A value with comments above it."""

    value: object
    notes: tuple[str, ...]


def render_yaml(document: object) -> str:
    """One document, without its head."""
    return "\n".join(_iter_lines(document)) + "\n"


def _iter_lines(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _hang(f"{_spell(key)}:", each, is_key=True)
    elif isinstance(value, list):
        for each in value:
            yield from _hang("-", each, is_key=False)
    else:
        yield _spell(value)


def _hang(head: str, value: object, *, is_key: bool) -> Iterator[str]:
    """A value behind its key or its dash: on the same line if it fits there, else below and deeper."""
    if isinstance(value, Noted):
        yield from write_comments(value.notes)
        value = value.value
    if isinstance(value, Block):
        yield f"{head} |"
        yield from (f"  {line}" for line in value.splitlines())
    elif not isinstance(value, dict | list):
        yield f"{head} {_spell(value)}"
    elif not value:
        yield f"{head} {'{}' if isinstance(value, dict) else '[]'}"
    elif is_key:
        yield head
        yield from (f"  {line}" for line in _iter_lines(value))
    else:
        lines = list(_iter_lines(value))
        comments = list(takewhile(lambda line: line.startswith(HASH), lines))
        yield from comments
        first, *others = lines[len(comments) :]
        yield f"{head} {first}"
        yield from (f"  {line}" for line in others)


def _spell(value: object) -> str:
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
        return value
    return _ODD.sub(lambda match: f"\\u{ord(match[0]):04x}", json.dumps(value, ensure_ascii=False))
