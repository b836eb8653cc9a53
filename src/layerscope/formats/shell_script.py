"""A shell script as its simple commands, word by word, as far as that can be told without running it.

https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html
"""

from typing import Final

from msgspec import Struct

from layerscope.formats.shell_words import LEADING, iter_shell_parts

SCRIPT_LIMIT: Final = 16384
"""Bytes of a script that are looked at; longer ones are programs of their own."""

TEXT_LIMIT: Final = 131072
"""Characters of a text that are looked at: what Linux takes as one argument.

https://man7.org/linux/man-pages/man2/execve.2.html
"""

COMMANDS_LIMIT: Final = 2000
"""Simple commands of one script."""

_OPENING: Final = frozenset({"if", "case", "for", "while", "until", "select", "{"})
_CLOSING: Final = frozenset({"fi", "esac", "done", "}"})
_NO_COMMANDS: Final = frozenset({"case", "for", "select", *_CLOSING})
_ROUND: Final = frozenset({"(", ")"})
_GUARDS: Final = frozenset({"&&", "||"})


class SimpleCommand(Struct, frozen=True):
    """One simple command: its words without quotes and redirections, and the line on which it ends.

    `is_certain` says that it stands in no branch, loop, function or list of which an earlier part decides.
    """

    words: tuple[str, ...]
    line: int
    is_certain: bool


def parse_shell_script(content: bytes) -> tuple[SimpleCommand, ...]:
    """The simple commands in order, of an array's assignment `NAME=(` its words in one; whatever the bytes are."""
    return parse_shell_text(content[:SCRIPT_LIMIT].decode("utf-8", "replace"))


def parse_shell_text(text: str) -> tuple[SimpleCommand, ...]:
    """The same of a text."""
    found: list[SimpleCommand] = []
    words: list[str] = []
    depth = groups = pipeline = 0
    is_guarded = is_array = False
    for part in iter_shell_parts(text[:TEXT_LIMIT]):
        if isinstance(part, str):
            words.append(part)
            continue
        if is_array or (part.text == "(" and words and words[-1].endswith("=")):
            is_array = part.text != ")"
            words += [part.text] if part.text in _ROUND else []
            continue
        before, kept = depth, _strip_keywords(words)
        depth = max(depth + sum(_count(word) for word in words[: len(words) - len(kept) + 1]), 0)
        is_pattern = part.text == ")" and not groups
        is_command = bool(kept) and kept[0] not in _NO_COMMANDS and not is_pattern and part.text != "("
        if is_command:
            found.append(SimpleCommand(tuple(kept), part.line, not (depth or before or is_guarded)))
        elif is_pattern:  # of a `case`: `a | b)`
            del found[pipeline:]
        if len(found) >= COMMANDS_LIMIT:
            break
        groups = max(groups + (part.text == "(") - (part.text == ")"), 0)
        goes_on = part.text == "|" or (part.text == "\n" and not words)
        is_guarded = part.text in _GUARDS or (is_guarded and goes_on)
        pipeline = pipeline if part.text == "|" else len(found)
        words = []
    return tuple(found)


def _count(word: str) -> int:
    """What a word at the start of a command adds to the depth of branches, loops and groups."""
    return (word in _OPENING) - (word in _CLOSING)


def _strip_keywords(words: list[str]) -> list[str]:
    """A command without the words of the shell's own grammar in front of it."""
    place = 0
    while place < len(words) and words[place] in LEADING:
        place += 1
    return words[place:]
