"""Slashed: text that breaks between words, and in words that are wider than a line after a slash, else a hyphen."""

import re
from collections.abc import Iterator
from typing import Final

from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.text import Text

from layerscope.report.escape import measure

_NUMBERED: Final = r"(?:layers?|driver|uid|gid|port|RTX|Python|CUDA|cuDNN) \d\S*\s*"
_COUNTED: Final = r"[(+-]?\d[\d.,]* [A-Za-z]{1,12}[),;:.]*(?:\s+|$)"
_WORD: Final = re.compile(rf"{_NUMBERED}|{_COUNTED}|\S+\s*|\s+")
"""A word, or one with its number, or a number with its unit or noun, which are not parted."""
_PART: Final = re.compile(r"[^/]*/+|[^/]+")
_SYLLABLE: Final = re.compile(r"[^-]*-+|[^-]+")
_LEAST: Final = 16
"""Columns below which a column of paths is not squeezed while others can give way."""


class Slashed:
    """A text as a cell or a paragraph."""

    def __init__(self, text: Text) -> None:
        """Take the text as it is; its lines stay lines."""
        self.text = text

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        """As wide as its longest line, and narrower than its longest word."""
        widest = max((measure(line) for line in self.text.plain.splitlines()), default=0)
        return Measurement(min(widest, _LEAST), widest).with_maximum(options.max_width)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The lines."""
        for line in self.text.split(allow_blank=True):
            for part in line.divide(find_breaks(line.plain, options.max_width)):
                part.rstrip()
                yield part


def find_breaks(text: str, width: int, *, keeps_words: bool = False) -> list[int]:
    """The offsets at which a line of text is to be broken so that each part takes at most `width` columns.

    A path that is wider than a line has its first line for itself, so that it can be copied with as few cuts as can be:
    with `keeps_words`, with none.
    """
    breaks: list[int] = []
    used = 0
    for offset, piece, is_first in _iter_pieces(text, width, keeps_words=keeps_words):
        size = measure(piece.rstrip())
        if used and (is_first or used + size > width):
            breaks.append(offset)
            used = 0
        used += measure(piece)
    return breaks


def _iter_pieces(text: str, width: int, *, keeps_words: bool) -> Iterator[tuple[int, str, bool]]:
    """What is kept together, with its offset: words that fit a line, else parts up to a slash or hyphen.

    The last value says that a path begins which does not fit a line.
    """
    for word in _WORD.finditer(text):
        if measure(word[0].rstrip()) <= width:
            yield word.start(), word[0], False
            continue
        if keeps_words:
            yield word.start(), word[0], "/" in word[0]
            continue
        for part in (_PART if "/" in word[0] else _SYLLABLE).finditer(word[0]):
            start, rest = word.start() + part.start(), part[0]
            if measure(rest.rstrip()) <= width:
                yield start, rest, start == word.start() and "/" in rest
                continue
            for at in range(len(rest)):
                yield start + at, rest[at], False
