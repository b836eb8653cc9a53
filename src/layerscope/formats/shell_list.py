"""A list of commands with the place of each, so that one can be taken out or added: `a && b; c | d`.

Only lists that can be told without running them are read: whatever groups, loops, branches, or holds a document is
none. A comment at the end is left out, and so is a last `;`.

https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html
"""

import re
from typing import Final

from msgspec import Struct

from layerscope.formats.shell_words import LEADING

TEXT_LIMIT: Final = 65536
"""Characters of a list that are looked at."""

_PART: Final = re.compile(
    r"""(?P<separator>&&|\|\||;(?!;))|(?P<blank>\s+)|'[^']*'|"(?:[^"\\$`]|\\.|\$(?![({])|\$\{\w[^{}"'`$\\]*\}|\$\([^()"'`$\\]*\))*"
    |\\.|\$\{\w[^{}"'`$\\]*\}|\$\([^()"'`$\\]*\)|\$(?![({])|\d*[<>]&[\d-]|&>>?|>>?|<(?!<)|\|(?![|&])|[^\s'"\\$`&|;()<>]""",
    re.VERBOSE | re.DOTALL,
)
_REFUSED: Final = LEADING | {"case", "for", "select", "function", "fi", "esac", "done", "exec", "exit", "return"}
_FIRST_WORD: Final = re.compile(r"[^\s'\"\\$`&|;()<>]+")


class ListedCommand(Struct, frozen=True):
    """One command (or pipeline) of a list: its text, where it starts, and what joins it to the one before it."""

    text: str
    start: int
    separator: str

    @property
    def end(self) -> int:
        """Where it ends."""
        return self.start + len(self.text)


def find_commands(text: str) -> tuple[ListedCommand, ...]:
    """The commands in order; nothing where the text is no plain list."""
    if len(text) > TEXT_LIMIT:
        return ()
    found: list[ListedCommand] = []
    start = position = 0
    separator = ""
    is_word_start = True
    while position < len(text):
        part = _PART.match(text, position)
        if part is None:
            return ()
        if is_word_start and part[0] == "#":
            break
        if part["separator"]:
            found.append(_cut(text, start, position, separator))
            start, separator = part.end(), part["separator"]
        is_word_start = bool(part["separator"] or part["blank"])
        position = part.end()
    last = _cut(text, start, position, separator)
    if last.text or separator != ";":
        found.append(last)
    return () if any(_is_refused(command.text) for command in found) else tuple(found)


def _cut(text: str, start: int, end: int, separator: str) -> ListedCommand:
    command = text[start:end]
    return ListedCommand(command.strip(), start + len(command) - len(command.lstrip()), separator)


def _is_refused(command: str) -> bool:
    """Whether it is empty, or starts with a word of the shell's grammar or one that ends or replaces the shell."""
    word = _FIRST_WORD.match(command)
    return not command or (word is not None and word[0] in _REFUSED)
