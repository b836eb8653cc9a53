"""Credentials in files of configuration as they are written: in lists, maps and over several lines.

What a name that means one stands for is hidden whole: quotes and brackets up to where they close, and in YAML and INI
files whatever is indented below it. Rather too much is hidden than too little: these texts are shown to people.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from layerscope.formats.secret_text import (
    REDACTED,
    TEXT_LIMIT,
    find_redactions,
    may_be_shown,
    names_secret,
    secret_kind,
)

_LOGINS: Final = frozenset({"auth", "auths", "_auth", "identitytoken", "registrytoken"})
"""Keys of Docker's and npm's settings: name and password in base64, or tokens."""

_TOKEN_LIST: Final = re.compile(r"(?i)(?:(?:access|api|auth|bearer|bot|id|refresh|service|session)[_-]?)?tokens")
"""Lists of tokens that are credentials: a model's tokens are none."""

_SPLIT: Final = re.compile(r"[.:/]")

_KEY: Final = re.compile(r"""(?<![\w.-])([A-Za-z_][\w.-]{0,100})["']?[ \t]*(?:=(?!=)|:(?=[\s"'\[{]|$))[ \t]*""")
_TRIPLES: Final = ('"""', "'''")
_QUOTES: Final = frozenset("\"'`")
_CLOSING: Final = {"[": "]", "{": "}"}
_BRACKET: Final = re.compile(r"""[\[\]{}]|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'""")
_WORD: Final = re.compile(r"""(?:[^\s"';&|,}\]\\]|\\(?:[^\n]|\n[ \t]*))*""")
_LINE_KEY: Final = re.compile(
    r"""(?m)^([ \t]*(?:-[ \t]+)*)(?:export[ \t]+)?["']?([A-Za-z_][\w.-]{0,100})["']?[ \t]*"""
    r"""(?::(?=[ \t]|$)|=(?!=))[ \t]*([^\n]*)$"""
)
_LINE: Final = re.compile(r"[^\n]*\n?")
_ELEMENT: Final = re.compile(r"<([\w.:-]{1,100})(?:\s[^<>]{0,500})?>([^<]+)<")
_PAIR: Final = re.compile(
    r"""(?i)\b(?:name|key)["']?[ \t]{0,20}[:=][ \t]{0,20}["']?([\w.-]{1,100})["']?[ \t]{0,20},?\s{0,80}"""
    r"""["']?value["']?[ \t]{0,20}[:=][ \t]{0,20}("(?:[^"\\]|\\.)*"|'[^']*'|[^\n,}>]+)"""
)
"""A variable as Kubernetes and many others write it: its name, then its value."""

_OPTION: Final = re.compile(
    r"""(?m)(?<![\w-])--?([A-Za-z][\w-]{2,40})["']?,?[ \t]{0,80}\n[ \t]*(?:-[ \t]+)?"""
    r"""("(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[^\s-][^\n]*)"""
)
"""An option whose value is the next item of a list, each on a line of its own."""


@lru_cache(maxsize=4096)
def names_credential(name: str) -> bool:
    """Whether a key usually holds one or several credentials, or any part of a dotted name does."""
    return any(map(_names_credential, {name, *_SPLIT.split(name)}))


def _names_credential(name: str) -> bool:
    if name.lower() in _LOGINS or names_secret(name):
        return True
    single = name.removesuffix("s").removesuffix("S")
    is_list = single != name and names_secret(single)
    return is_list and (secret_kind(single) != "token" or _TOKEN_LIST.fullmatch(name) is not None)


def redact_block(text: str) -> str:
    """The text without credentials, of as many lines as before."""
    return "".join(redact_lines(text))


def redact_lines(text: str) -> list[str]:
    """The lines of a text with their ends and without credentials, also those that go over several lines."""
    spans = find_block_redactions(text)
    shown, number, place = [], 0, 0
    for line in text.splitlines(keepends=True):
        end = place + len(line.rstrip("\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029"))
        pieces, at = [], place
        while number < len(spans) and spans[number][0] < end:
            start, stop = spans[number]
            if max(start, at) < min(stop, end):
                pieces += [text[at : max(start, at)], REDACTED]
            at = max(at, min(stop, end))
            if stop > end:
                break
            number += 1
        shown.append("".join([*pieces, text[at : place + len(line)]]))
        place += len(line)
        while number < len(spans) and spans[number][1] <= place:
            number += 1
    return shown


def find_block_redactions(text: str) -> list[tuple[int, int]]:
    """The parts of a text that must not be shown, in order and without overlaps; all of the text is searched."""
    spans = sorted(
        [
            *find_redactions(text, limit=max(len(text), TEXT_LIMIT)),
            *_find_values(text),
            *_find_indented(text),
            *_find_matches(text, _ELEMENT),
            *_find_matches(text, _PAIR),
            *_find_matches(text, _OPTION),
        ]
    )
    joined: list[tuple[int, int]] = []
    for start, stop in spans:
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(stop, joined[-1][1]))
        elif start < stop:
            joined.append((start, stop))
    return joined


def _find_matches(text: str, pattern: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    for match in pattern.finditer(text):
        if names_credential(match[1]) and not may_be_shown(match[2]):
            yield match.span(2)


def _find_values(text: str) -> Iterator[tuple[int, int]]:
    """What follows a key, up to the end of its quotes, brackets or word."""
    place = 0
    while match := _KEY.search(text, place):
        place = match.end()
        if not names_credential(match[1]):
            continue
        stop = _find_end(text, match.end())
        if not may_be_shown(text[match.end() : stop]):
            yield match.end(), stop
            place = max(place, stop)


def _find_end(text: str, start: int) -> int:
    """Where the value ends that begins there; the text's end where nothing closes it."""
    first = text[start : start + 1]
    for triple in _TRIPLES:
        if text.startswith(triple, start):
            end = text.find(triple, start + len(triple))
            return end + len(triple) if end >= 0 else len(text)
    if first in _QUOTES:
        return _find_quote(text, first, start + 1)
    return _find_bracket(text, start) if first in _CLOSING else _WORD.match(text, start).end()  # type: ignore[union-attr] # it matches nothing, too


def _find_quote(text: str, quote: str, place: int) -> int:
    while (end := text.find(quote, place)) >= 0:
        before = text[place:end]
        if quote == "'" or (len(before) - len(before.rstrip("\\"))) % 2 == 0:
            return end + 1
        place = end + 1
    return len(text)


def _find_bracket(text: str, start: int) -> int:
    depth = 0
    for match in _BRACKET.finditer(text, start):
        if match[0] in _CLOSING:
            depth += 1
        elif match[0] in _CLOSING.values():
            depth -= 1
            if depth == 0:
                return match.end()
    return len(text)


def _find_indented(text: str) -> Iterator[tuple[int, int]]:
    """A key's line behind the sign, and the lines below that are indented further, or items of its list."""
    place = 0
    while match := _LINE_KEY.search(text, place):
        place = match.end()
        if not names_credential(match[2]):
            continue
        if not may_be_shown(match[3].rstrip(" \t,")):
            yield match.span(3)
        stop = _find_outdent(text, match.end() + 1, len(match[1]), has_items=not match[3].strip())
        if stop > match.end() + 1:
            yield match.end() + 1, stop
            place = stop - 1


def _find_outdent(text: str, place: int, column: int, *, has_items: bool) -> int:
    """Where the lines end that are indented further than a key in that column; blank ones at the end are none."""
    stop = place
    while place < len(text) and (line := _LINE.match(text, place)):
        content = line[0].strip()
        indent = len(line[0]) - len(line[0].lstrip(" \t"))
        is_item = has_items and indent == column and content.startswith("-")
        if content and indent <= column and not is_item:
            break
        place = line.end()
        if content:
            stop = place
    return stop
