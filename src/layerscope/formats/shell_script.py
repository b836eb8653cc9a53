"""A shell script as its simple commands, word by word, as far as that can be told without running it.

https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html
"""

import re
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

SCRIPT_LIMIT: Final = 16384
"""Bytes of a script that are looked at; longer ones are programs of their own."""

COMMANDS_LIMIT: Final = 2000
"""Simple commands of one script."""

PLAIN_DOLLAR: Final = "\x01"
"""Stands in a word for a dollar sign that is quoted, and so names no variable."""

UNKNOWN: Final = "$("
"""Stands in a word for what a command would print."""

_BLANK: Final = re.compile(r"(?:[ \t\r]|\\\r?\n)+")
_PART: Final = re.compile(
    r"""(?P<blank>(?:[ \t\r]|\\\r?\n)+|\#[^\n]*)|(?P<redirection>(?:\d{0,4}|&)(?:<<<|<<-?|<>|>>|>\||[<>])&?)
    |(?P<operator>&&|\|\||;;&|;;|;&|\|&|[;&|()\n])|(?P<plain>[^\ \t\r\n\\'"`$;&|()<>]+)(?=[\ \t\n;&|()]|$)
    |"(?P<quoted>[^"\\$`]*)"(?=[\ \t\n;&|()]|$)|'(?P<single>[^'$]*)'(?=[\ \t\n;&|()]|$)""",
    re.VERBOSE,
)
_PLAIN: Final = re.compile(r"[^ \t\r\n\\'\"`$;&|()<>]+")
_SINGLE: Final = re.compile(r"'([^']*)'?")
_DOUBLE: Final = re.compile(r'[^"\\$`]+')
_BACKTICKS: Final = re.compile(r"`(?:[^`\\]|\\.)*`?", re.DOTALL)
_VARIABLE: Final = re.compile(r"\$(?:\w+|[@*#?$!-])")
_BRACKET: Final = re.compile(r"[(){}]")

_OPENING: Final = frozenset({"if", "case", "for", "while", "until", "select", "{"})
_CLOSING: Final = frozenset({"fi", "esac", "done", "}"})
_LEADING: Final = frozenset({"if", "then", "else", "elif", "while", "until", "do", "{", "}", "!", "time"})
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


class _Operator(Struct, frozen=True):
    """What ends a simple command."""

    text: str
    line: int


def parse_shell_script(content: bytes) -> tuple[SimpleCommand, ...]:
    """The simple commands in order, of an array's assignment `NAME=(` its words in one; whatever the bytes are."""
    return parse_shell_text(content[:SCRIPT_LIMIT].decode("utf-8", "replace"))


def parse_shell_text(text: str) -> tuple[SimpleCommand, ...]:
    """The same of a text."""
    found: list[SimpleCommand] = []
    words: list[str] = []
    depth = groups = pipeline = 0
    is_guarded = is_array = False
    for part in _Lexer(text[:SCRIPT_LIMIT]).iter_parts():
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
    while place < len(words) and words[place] in _LEADING:
        place += 1
    return words[place:]


class _Lexer:
    """Cuts a text into words and operators; every step moves on, so that its time grows with the text alone."""

    def __init__(self, text: str) -> None:
        self._text, self._place = text, 0
        self._line = self._counted = 0
        self._documents: list[tuple[str, bool]] = []
        self._closings = _pair_brackets(text)

    def iter_parts(self) -> Iterator[str | _Operator]:
        """Words, and operators; the last is the end."""
        text, end = self._text, len(self._text)
        while self._place < end:
            match = _PART.match(text, self._place)
            kind = match.lastgroup if match is not None else None
            if match is None or kind is None:
                yield self._read_word()
                continue
            self._place = match.end()
            if kind == "operator":
                yield _Operator(match[0], self._count_lines(match.start()))
                if match[0] == "\n" and self._documents:
                    self._skip_documents()
            elif kind == "redirection":
                self._redirect(match[0])
            elif kind != "blank":
                yield match[kind]
        yield _Operator("", self._count_lines(end))

    def _count_lines(self, place: int) -> int:
        """The line of a place; none is counted twice."""
        self._line += self._text.count("\n", self._counted, place)
        self._counted = place
        return self._line

    def _redirect(self, operator: str) -> None:
        """Leave out where it leads; a document that follows is noted by the word that ends it."""
        if match := _BLANK.match(self._text, self._place):
            self._place = match.end()
        word = self._read_word()
        if operator.lstrip("0123456789") in {"<<", "<<-"}:
            self._documents.append((word, operator.endswith("-")))

    def _skip_documents(self) -> None:
        """Leave out the lines of documents that begin here; one that has no end is the rest of the text."""
        for ending, is_indented in self._documents:
            while self._place < len(self._text):
                end = self._text.find("\n", self._place)
                end = len(self._text) if end < 0 else end
                line = self._text[self._place : end].rstrip("\r")
                self._place = min(end + 1, len(self._text))
                if (line.lstrip("\t") if is_indented else line) == ending:
                    break
        self._documents.clear()

    def _read_word(self) -> str:
        """One word; empty where an operator follows."""
        text, parts = self._text, list[str]()
        while self._place < len(text):
            sign = text[self._place]
            if match := _PLAIN.match(text, self._place):
                parts.append(match[0])
                self._place = match.end()
            elif sign == "'":
                parts.append(self._read(_SINGLE, 1).replace("$", PLAIN_DOLLAR))
            elif sign == '"':
                parts.append(self._read_double())
            elif sign == "\\":
                parts.append(self._read_escaped())
            elif sign in "$`":
                parts.append(self._read_expansion())
            else:
                break
        return "".join(parts)

    def _read(self, pattern: re.Pattern[str], group: int = 0) -> str:
        match = pattern.match(self._text, self._place)
        if match is None:
            self._place = self._place + 1
            return ""
        self._place = match.end()
        return match[group]

    def _read_escaped(self) -> str:
        sign = self._text[self._place + 1 : self._place + 2]
        self._place = min(self._place + 2, len(self._text))
        return "" if sign == "\n" else sign.replace("$", PLAIN_DOLLAR)

    def _read_double(self) -> str:
        """What stands in double quotes."""
        parts: list[str] = []
        self._place = self._place + 1
        while self._place < len(self._text):
            sign = self._text[self._place]
            if sign == '"':
                self._place = self._place + 1
                break
            if sign == "\\":
                parts.append(self._read_escaped())
            elif sign in "$`":
                parts.append(self._read_expansion())
            else:
                parts.append(self._read(_DOUBLE))
        return "".join(parts)

    def _read_expansion(self) -> str:
        """A variable as it is written, quotes in its braces left out; the output of a command as unknown."""
        if self._text[self._place] == "`":
            self._read(_BACKTICKS)
            return UNKNOWN
        start, opening = self._place, self._text[self._place + 1 : self._place + 2]
        if opening in {"(", "{"} and opening:
            end = self._closings.get(start + 1)
            self._place = len(self._text) if end is None else end + 1
            is_known = opening == "{" and end is not None
            return self._text[start : self._place].replace('"', "").replace("'", "") if is_known else UNKNOWN
        return self._read(_VARIABLE) or PLAIN_DOLLAR


def _pair_brackets(text: str) -> dict[int, int]:
    """Where each bracket that is opened is closed, by its place; quotes are not asked."""
    pairs: dict[int, int] = {}
    opened: dict[str, list[int]] = {"(": [], "{": []}
    for match in _BRACKET.finditer(text):
        sign = match[0]
        if sign in opened:
            opened[sign].append(match.start())
        elif stack := opened["(" if sign == ")" else "{"]:
            pairs[stack.pop()] = match.start()
    return pairs
