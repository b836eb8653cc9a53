"""The operands of a Dockerfile's instructions as words, and what its variables stand for.

https://docs.docker.com/reference/dockerfile/#environment-replacement
"""

import re
from collections.abc import Mapping
from typing import Final

_QUOTE: Final = r"""'[^']*'|"(?:[^"\\]|\\.)*\""""
_WORD: Final = re.compile(rf"(?:[^\s'\"\\]|\\.?|{_QUOTE}|['\"])+", re.DOTALL)
_PIECE: Final = re.compile(r"""'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)""", re.DOTALL)
_ESCAPED: Final = re.compile(r'\\(["\\$])')
_VARIABLE: Final = re.compile(r"\\\$|\$(?:(\w+)|\{(\w+)(?::([-+])([^${}]*))?\})")

UNKNOWN: Final = "\0"
"""Stands for what a variable would bring whose value is not known; no Dockerfile holds it."""


def find_words(text: str) -> tuple[str, ...]:
    """The words between blanks, quotes and escapes kept."""
    return tuple(_WORD.findall(text))


def find_assignments(text: str) -> tuple[tuple[str, str], ...]:
    """Names and values of ENV, LABEL and ARG, without quotes; the form `ENV NAME VALUE` too."""
    words = find_words(text)
    if words and "=" not in words[0] and len(words) > 1 and "=" not in words[1][:1]:
        return ((words[0], text.strip().partition(words[0])[2].strip()),)
    pairs = (word.partition("=") for word in words)
    return tuple((strip_quotes(name), strip_quotes(value)) for name, _, value in pairs)


def strip_quotes(word: str) -> str:
    """A word as the builder takes it: quotes and escapes left out, but for those of dollar signs."""
    return _PIECE.sub(_strip_piece, word)


def expand_variables(text: str, values: Mapping[str, str]) -> str:
    """The text with its variables' values; what is not known leaves UNKNOWN."""

    def expand(match: re.Match[str]) -> str:
        name, sign = match[1] or match[2], match[3]
        if name is None:
            return "$"
        if sign == "+":
            return match[4] if values.get(name) else ""
        return (values.get(name) or match[4]) if sign == "-" else values.get(name, UNKNOWN)

    return _VARIABLE.sub(expand, text)


def _strip_piece(match: re.Match[str]) -> str:
    if match[1] is not None:
        return match[1].replace("$", "\\$")
    if match[2] is not None:
        return _ESCAPED.sub(lambda escaped: "\\$" if escaped[1] == "$" else escaped[1], match[2])
    return "\\$" if match[3] == "$" else match[3]
