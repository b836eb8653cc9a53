"""Credentials in what programs print: logs, tracebacks and messages of any length, in time that grows with that alone.

Logs hold prose and source lines, too: what is code or a plain word after the name of a secret stays in its place.
"""

import re
from collections.abc import Iterator
from typing import Final

from layerscope.formats.secret_text import (
    REDACTED,
    find_values,
    is_placeholder,
    is_setting,
    join_matches,
    names_secret,
)
from layerscope.formats.token_forms import SecretMatch, find_tokens

_CODE: Final = re.compile(r"[A-Za-z_][\w.]*[(\[]")
_IDENTIFIER: Final = re.compile(r"[A-Za-z_][\w.]*")
_COLON: Final = re.compile(r":[ \t]{1,4}[\"']?$")
_AFTER: Final = ",;:)]}"
"""What stands behind a value in a list or a call."""
_BEFORE: Final = 8
_LONGEST_WORD: Final = 20


def strike_secrets(text: str) -> str:
    """The text with REDACTED in the place of each credential."""
    pieces, position = [], 0
    for start, end in join_matches(text, find_printed_secrets(text)):
        pieces += [text[position:start], REDACTED]
        position = end
    return "".join([*pieces, text[position:]]) if pieces else text


def find_printed_secrets(text: str) -> Iterator[SecretMatch]:
    """The credentials in what a program has printed."""
    yield from find_tokens(text, limit=None)
    for match in find_values(text, has_lists=False):
        value = text[match.start : match.end].rstrip(_AFTER)
        if is_placeholder(value) or is_setting(match.kind, value) or _is_code(value):
            continue
        if match.kind != "token" or not _is_prose(text[max(0, match.start - _BEFORE) : match.start], value):
            yield match


def _is_code(value: str) -> bool:
    """Whether a value is a call, an index, or a variable that holds the secret."""
    if _CODE.match(value):
        return True
    return _IDENTIFIER.fullmatch(value) is not None and names_secret(value)


def _is_prose(before: str, value: str) -> bool:
    """Whether a word after a colon is one of a sentence: tokens of text are told of in that way, too."""
    plain = value.strip("\"'.,:;!?()")
    return plain.isalpha() and len(plain) <= _LONGEST_WORD and _COLON.search(before) is not None
