"""MavenVersion: the order of Maven's versions.

Written against https://maven.apache.org/pom.html#version-order-specification: tokens apart by `.`, `-` and changes
between digits and letters; trailing null tokens are trimmed; qualifiers have an order of their own.
"""

import re
from dataclasses import dataclass
from functools import total_ordering
from itertools import zip_longest
from typing import Final

LENGTH_LIMIT: Final = 256
"""Characters of a version that are compared; real ones have about 20."""

_TOKEN: Final = re.compile(r"([.\-_]?)(\d+|[^\d.\-_]+)?", re.ASCII)
_NUMBER: Final = re.compile(r"[0-9]+")
"""Other digits that Python knows, such as superscripts, are text."""

_QUALIFIERS: Final = ("alpha", "beta", "milestone", "rc", "snapshot", "", "sp")
_ALIASES: Final = {"cr": "rc", "ga": "", "final": "", "release": ""}
_SHORT: Final = {"a": "alpha", "b": "beta", "m": "milestone"}
_NULLS: Final = frozenset({"0", ""})


@dataclass(frozen=True, slots=True)
class _Token:
    """One token with what stands before it."""

    separator: str
    text: str

    def rank(self) -> tuple[int, int, int, str]:
        """What is compared: `.qualifier` = `-qualifier` < `-number` < `.number`, qualifiers by their order."""
        if _NUMBER.fullmatch(self.text):
            return (2 if self.separator == "." else 1, int(self.text), 0, "")
        known = self.text in _QUALIFIERS
        return (0, 0, _QUALIFIERS.index(self.text) if known else len(_QUALIFIERS), "" if known else self.text)


@total_ordering
@dataclass(frozen=True, slots=True, eq=False)
class MavenVersion:
    """A version, its text as written; `1.0` equals `1`, and `1-SNAPSHOT` is below it."""

    text: str

    def __eq__(self, other: object) -> bool:
        return isinstance(other, MavenVersion) and not self < other and not other < self

    def __hash__(self) -> int:
        return hash(tuple(_tokens(self.text)))

    def __lt__(self, other: "MavenVersion") -> bool:
        for left, right in zip_longest(_tokens(self.text), _tokens(other.text)):
            mine = left if left is not None else _pad(right)
            theirs = right if right is not None else _pad(left)
            if mine.rank() != theirs.rank():
                return mine.rank() < theirs.rank()
        return False


def _pad(other: _Token) -> _Token:
    """The null token that stands where one version has ended: of the kind of its partner."""
    return _Token(other.separator, "0" if _NUMBER.fullmatch(other.text) else "")


def _tokens(text: str) -> list[_Token]:
    """The tokens of a version, trailing nulls before each hyphen trimmed."""
    tokens: list[_Token] = []
    text = text[:LENGTH_LIMIT].lower()
    for match in _TOKEN.finditer(text):
        separator, word = match[1].replace("_", "-"), match[2]
        if not match[0]:
            continue
        word = "0" if word is None else word
        if word in _SHORT and _NUMBER.match(text, match.end()):
            word = _SHORT[word]
        word = str(int(word)) if _NUMBER.fullmatch(word) else _ALIASES.get(word, word)
        tokens.append(_Token(separator or ("-" if tokens else "."), word))
    return _trim(tokens)


def _trim(tokens: list[_Token]) -> list[_Token]:
    """The tokens without nulls at the end and before a hyphen."""
    kept: list[_Token] = []
    for token in tokens:
        if token.separator == "-":
            while len(kept) > 1 and kept[-1].text in _NULLS:
                kept.pop()
        kept.append(token)
    while len(kept) > 1 and kept[-1].text in _NULLS:
        kept.pop()
    return kept
