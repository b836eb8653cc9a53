"""Comments: texts that an image may have chosen, behind a hash, which they cannot leave."""

from collections.abc import Iterable, Iterator
from textwrap import wrap
from typing import Final

HASH: Final = "# "
WIDTH: Final = 116
"""Columns of a comment, beyond which it goes on in the next line."""


def write_comments(notes: Iterable[str]) -> Iterator[str]:
    """Each note as a comment of one or more lines."""
    for note in notes:
        for line in wrap(to_line(note), WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False):
            yield f"{HASH}{line}"


def to_line(text: str) -> str:
    """The text without line ends and other letters that do not print."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)
