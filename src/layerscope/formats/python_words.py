"""A Python script as words, signs, strings and ends of lines, in the order in which they stand."""

import re
from collections.abc import Iterator
from typing import Final

WORDS_LIMIT: Final = 100_000
"""Words, signs and strings that are looked at."""

_WORD: Final = re.compile(
    r"""(?P<skip>\#[^\n]*|\\\r?\n|[ \t\f\r]+)|(?P<quote>\"{3}|'{3}|["'])|(?P<end>\n)|(?P<word>\w+)|(?P<sign>.)"""
)
_STRINGS: Final = {
    '"""': re.compile(r'(?:[^"\\]|\\.|"(?!""))*"""', re.DOTALL),
    "'''": re.compile(r"(?:[^'\\]|\\.|'(?!''))*'''", re.DOTALL),
    '"': re.compile(r'(?:[^"\\\n]|\\.)*"', re.DOTALL),
    "'": re.compile(r"(?:[^'\\\n]|\\.)*'", re.DOTALL),
}
"""The rest of a string by its opening quotes."""


def iter_words(text: str) -> Iterator[tuple[str, str]]:
    """Words with their kinds; a string with its quotes is one, and one that does not end is left out with the rest."""
    place = 0
    for _ in range(WORDS_LIMIT):
        match = _WORD.match(text, place)
        if match is None:
            return
        kind, word, place = str(match.lastgroup), match[0], match.end()
        if kind == "quote":
            rest = _STRINGS[word].match(text, place)
            if rest is None:
                return
            word, place = f"{word}{rest[0]}", rest.end()
        yield kind, word
