"""The commands of a RUN instruction, and how one is put in or left out with the layout of the others kept."""

import re
from collections.abc import Iterator
from typing import Final

from layerscope.fixes.dockerfile.edit import Span
from layerscope.formats.dockerfile import Dockerfile, Instruction
from layerscope.formats.shell_list import ListedCommand, find_commands

LINE_WIDTH: Final = 120
"""Columns up to which a command is put in the same line."""

INDENTATION: Final = "    "
_COMMENT: Final = re.compile(r"^[ \t]*#.*$", re.MULTILINE)
_JOINED_BEHIND: Final = re.compile(r"&&[ \t]*[\\`][ \t]*\r?$", re.MULTILINE)


def read_script(instruction: Instruction) -> tuple[ListedCommand, ...]:
    """The commands of a RUN in shell form; none where its text is not understood as a plain list."""
    if instruction.keyword != "RUN" or instruction.documents or instruction.words is not None:
        return ()
    return find_commands(instruction.operands)


def append_command(dockerfile: Dockerfile, instruction: Instruction, command: str) -> Span:
    """`&& command` behind the last one of a RUN: in its line, or in one of its own where the others have theirs."""
    stop = find_stop(instruction)
    text = dockerfile.text[instruction.place : stop]
    last = text[text.rfind("\n") + 1 :]
    is_one_line = "\n" not in text
    if is_one_line and len(text) + len(command) + len(" && ") <= LINE_WIDTH:
        return Span(stop, stop, f" && {command}")
    indentation = INDENTATION if is_one_line else last[: len(last) - len(last.lstrip())]
    end = dockerfile.escape + dockerfile.line_end
    if _JOINED_BEHIND.search(text):
        return Span(stop, stop, f" && {end}{indentation}{command}")
    return Span(stop, stop, f" {end}{indentation}&& {command}")


def find_stop(instruction: Instruction) -> int:
    """Where the last command of a RUN ends: before a `;` or a comment of the shell that stands behind it."""
    commands = read_script(instruction)
    return instruction.find_place(commands[-1].end - 1) + 1 if commands else instruction.stop


def insert_word(instruction: Instruction, position: int, word: str) -> Span:
    """A word behind the one that ends at a position of the operands."""
    place = instruction.find_place(position - 1) + 1
    return Span(place, place, f" {word}")


def add_flags(instruction: Instruction, flags: str) -> Span:
    """Flags behind the keyword."""
    return Span(instruction.keyword_stop, instruction.keyword_stop, f" {flags}")


def can_drop(dockerfile: Dockerfile, instruction: Instruction, dropped: frozenset[int]) -> bool:
    """Whether these commands can go: all of them, or such as `&&` alone joins to the others.

    A comment in front of the last command would end the instruction: then it cannot.
    """
    commands = read_script(instruction)
    if len(dropped) == len(commands):
        return True
    last = max(place for place in range(len(commands)) if place not in dropped)
    tail = dockerfile.text[instruction.find_place(commands[last].end - 1) + 1 : instruction.stop]
    return not (last < len(commands) - 1 and _COMMENT.search(tail)) and all(
        command.separator in {"", "&&"}
        for place, command in enumerate(commands)
        if place in dropped or place - 1 in dropped
    )


def drop_commands(dockerfile: Dockerfile, instruction: Instruction, dropped: frozenset[int]) -> tuple[Span, ...]:
    """Leave these commands out; comments between those that stay are kept, and the instruction goes with its last."""
    commands = read_script(instruction)
    if len(dropped) == len(commands):
        return (Span(dockerfile.find_line(instruction.line.first), dockerfile.find_line(instruction.end), ""),)
    spans: list[Span] = []
    first = min(place for place in range(len(commands)) if place not in dropped)
    if first:
        start, end = (instruction.find_place(commands[place].start) for place in (0, first))
        comments = join_comments(dockerfile, start, end)
        kept = f"{dockerfile.escape}{dockerfile.line_end}{comments}{INDENTATION}" if comments else ""
        spans.append(Span(start, end, kept))
    for place in sorted(dropped):
        if place > first:
            start, end = (instruction.find_place(commands[each].end - 1) + 1 for each in (place - 1, place))
            comment = max((match.end() for match in _iter_comments(dockerfile, start, end)), default=start)
            spans.append(Span(start, end, dockerfile.text[start:comment].removesuffix("\r")))
    return tuple(spans)


def join_runs(dockerfile: Dockerfile, first: Instruction, second: Instruction) -> Span:
    """Make the commands of a RUN go on those of the one before it; comments between them are kept."""
    end, comments = dockerfile.line_end, join_comments(dockerfile, first.stop, second.place)
    text = f" {dockerfile.escape}{end}{comments}{INDENTATION}&& "
    return Span(first.stop, second.find_place(0), text)


def join_comments(dockerfile: Dockerfile, start: int, end: int) -> str:
    """The comments between two places, each in its line."""
    comments = _iter_comments(dockerfile, start, end)
    return "".join(match[0].removesuffix("\r") + dockerfile.line_end for match in comments)


def _iter_comments(dockerfile: Dockerfile, start: int, end: int) -> Iterator[re.Match[str]]:
    """The comments that lie between two places; what starts in the middle of a line is none."""
    return (match for match in _COMMENT.finditer(dockerfile.text, start, end) if match.start() > start)
