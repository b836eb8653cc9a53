"""Where the last command of a shell's text leads what it prints, as far as that is certain to be lost.

https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_07
"""

import re
from collections.abc import Sequence
from itertools import dropwhile
from typing import Final, NamedTuple

from msgspec import Struct

from layerscope.formats.shell_helpers import HELPERS
from layerscope.formats.shell_script import TEXT_LIMIT
from layerscope.formats.shell_words import LEADING, Operator, Redirection, iter_redirected_parts

PARTS_LIMIT: Final = 20_000
"""Words and signs of one text that are looked at."""

_SIGN: Final = re.compile(r"(?P<stream>\d{0,4}|&)(?P<kind>>>|>\||>)(?P<copies>&?)")
_ASSIGNMENT: Final = re.compile(r"[A-Za-z_]\w*=.*", re.ASCII | re.DOTALL)
_BOTH: Final = (1, 2)
_CLOSING: Final = frozenset({"done", "}", "fi", "esac"})
_BEFORE_PROGRAM: Final = LEADING | {"exec", "env", "command", "nohup"}
_LEAVE_ALONE: Final = frozenset({"touch", "chmod", "chown", "chgrp", "mkdir", "rm", "install", ":"})
"""Commands that may name a file which a server writes, and after which it still is a file that nobody reads."""


class LedOutput(Struct, frozen=True):
    """What the last command leads elsewhere: a file for standard output and standard error, empty for neither."""

    output: str = ""
    error: str = ""


class _Command(NamedTuple):
    """A simple command, the files it writes, and the operators on both of its sides."""

    words: tuple[str, ...]
    led: LedOutput
    before: str
    after: str


def find_led_output(text: str) -> LedOutput:
    """The files of the last command, or of an `exec` that leads all that comes later; none where that is no server.

    Nor are there any where another command may read them: one in the background, or one that names them.
    """
    commands = _read_commands(text)
    if not commands or not _is_certain(commands):
        return LedOutput()
    last = commands[-1].led
    files = {last.output, last.error} - {""}
    return LedOutput() if any(_names(each, files) for each in commands[:-1]) else last


def _read_commands(text: str) -> list[_Command]:
    """The commands of a text; none of one that has too many."""
    found: list[_Command] = []
    lasting, current, before = LedOutput(), LedOutput(), ""
    words: list[str] = []
    for number, part in enumerate(iter_redirected_parts(text[:TEXT_LIMIT])):
        if number >= PARTS_LIMIT:
            return []
        if isinstance(part, Redirection):
            current = _lead(current, part)
        elif isinstance(part, Operator):
            if words == ["exec"]:
                lasting = current
            if words:
                found.append(_Command(tuple(words), current, before, part.text))
            before = part.text if words or part.text != "\n" else before
            words, current = [], lasting
        else:
            words.append(part)
    return found


def _is_certain(commands: Sequence[_Command]) -> bool:
    """Whether the last command is what the text is there for, and no other one runs beside it."""
    last = commands[-1]
    program = _find_program(last.words)
    if last.words[0] in _CLOSING:
        return not any(each.after in {"|", "|&", "&"} for each in commands)
    is_other = last.before in {"|", "|&", "||"} or program in HELPERS
    return not is_other and not any(each.after == "&" for each in commands[:-1])


def _find_program(words: Sequence[str]) -> str:
    """The name of the program; empty for words that only assign or lead."""
    rest = dropwhile(lambda word: word in _BEFORE_PROGRAM or _ASSIGNMENT.fullmatch(word) is not None, words)
    return next(rest, "").rpartition("/")[2]


def _names(command: _Command, files: set[str]) -> bool:
    return _find_program(command.words) not in _LEAVE_ALONE and not files.isdisjoint(command.words)


def _lead(led: LedOutput, redirection: Redirection) -> LedOutput:
    """The files once a redirection is followed, which counts from left to right."""
    match = _SIGN.fullmatch(redirection.sign)
    if match is None:
        return led
    streams = _BOTH if match["stream"] == "&" else (int(match["stream"] or 1),)
    target = redirection.word
    if match["copies"] and target.isdecimal():
        target = {1: led.output, 2: led.error}.get(int(target), "")
    elif match["copies"]:
        streams = _BOTH
    return LedOutput(target if 1 in streams else led.output, target if 2 in streams else led.error)  # noqa: PLR2004
