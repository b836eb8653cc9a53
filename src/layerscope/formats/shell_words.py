"""A shell's text as words and operators: quotes and expansions are read, redirections and documents left out.

https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html
"""

import re
from collections.abc import Iterator
from functools import cached_property
from typing import Final

from msgspec import Struct

PLAIN_DOLLAR: Final = "\x01"
"""Stands in a word for a dollar sign that is quoted, and so names no variable."""

UNKNOWN: Final = "$("
"""Stands in a word for what a command would print, or for the process that is read or written in a file's place."""

_BLANK: Final = re.compile(r"(?:[ \t\r]|\\\r?\n)+")
_PART: Final = re.compile(
    r"""(?P<blank>(?:[ \t\r]|\\\r?\n)+|\#[^\n]*)|(?P<redirection>(?:\d{0,4}|&)(?:<<<|<<-?|<>|>>|>\||[<>](?!\())&?)
    |(?P<operator>&&|\|\||;;&|;;|;&|\|&|[;&|()\n])|(?P<plain>[^\ \t\r\n\\'"`$;&|()<>]+)(?=[\ \t\n;&|()]|$)
    |"(?P<quoted>[^"\\$`]*)"(?=[\ \t\n;&|()]|$)|'(?P<single>[^'$]*)'(?=[\ \t\n;&|()]|$)""",
    re.VERBOSE,
)
_PLAIN: Final = re.compile(r"[^ \t\r\n\\'\"`$;&|()<>]+")
_SINGLE: Final = re.compile(r"'([^']*)'?")
_SINGLE_IN_DOUBLE: Final = re.compile(r"'(?:[^'}\n]*')?")
_DOLLAR_SINGLE: Final = re.compile(r"\$'((?:[^'\\]|\\.)*)'?", re.DOTALL)
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
_DOUBLE: Final = re.compile(r'[^"\\$`]+')
_BACKTICKS: Final = re.compile(r"`(?:[^`\\]|\\.)*`?", re.DOTALL)
_VARIABLE: Final = re.compile(r"\$(?:\w+|[@*#?$!-])")
_BRACED: Final = re.compile(r"[^\\'\"`$}]+")
_BRACKET: Final = re.compile(r"[(){}]")

LEADING: Final = frozenset({"if", "then", "else", "elif", "while", "until", "do", "{", "}", "!", "time"})
"""Words of the shell's own grammar behind which a command begins."""

_OPENED: Final = frozenset({"(", "{"})
_MOST_NESTED: Final = 8
"""Expansions in one another that are read; of others, the brackets alone are counted."""


class Operator(Struct, frozen=True):
    """What ends a simple command."""

    text: str
    line: int


class Redirection(Struct, frozen=True):
    """Where a simple command's input or output is led: the sign as it is written, and the word behind it."""

    sign: str
    word: str


def iter_redirected_parts(text: str) -> Iterator[str | Operator | Redirection]:
    """Words without quotes, operators, the last of which is the end, and redirections; no documents."""
    lexer = _Lexer(text)
    for part in lexer.iter_parts():
        yield from lexer.take_redirections()
        yield part


def iter_shell_parts(text: str) -> Iterator[str | Operator]:
    """Words without quotes, and operators, the last of which is the end; no redirections and documents."""
    return _Lexer(text).iter_parts()


class _Lexer:
    """Cuts a text into words and operators; its time grows with the text alone.

    Every step moves on, but where a bracket is not closed: from then on, brackets are counted and no longer read.
    """

    def __init__(self, text: str) -> None:
        self._text, self._place = text, 0
        self._line = self._counted = 0
        self._documents: list[tuple[str, bool]] = []
        self._nested, self._is_broken = 0, False
        self._redirections: list[Redirection] = []

    def take_redirections(self) -> list[Redirection]:
        """Those that have been read since the last time, but for those of commands in brackets."""
        taken, self._redirections = self._redirections, []
        return taken

    def iter_parts(self) -> Iterator[str | Operator]:
        """What is left of the text."""
        text, end = self._text, len(self._text)
        while self._place < end:
            match = _PART.match(text, self._place)
            kind = match.lastgroup if match is not None else None
            if match is None or kind is None:
                yield self._read_word()
                continue
            self._place = match.end()
            if kind == "operator":
                yield Operator(match[0], self._count_lines(match.start()))
                if match[0] == "\n" and self._documents:
                    self._skip_documents()
            elif kind == "redirection":
                self._redirect(match[0])
            elif kind != "blank":
                yield match[kind]
        yield Operator("", self._count_lines(end))

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
        if not self._nested:
            self._redirections.append(Redirection(operator, word))
        if operator.lstrip("0123456789") in {"<<", "<<-"} and not word.isdigit():  # which shifts, as in `((A<<3))`
            self._documents.append((word, operator.endswith("-")))

    def _skip_documents(self) -> None:
        """Leave out the lines of documents that begin here; one that has no end is the rest of the text."""
        for ending, is_indented in self._documents:
            while self._place < len(self._text):
                end = self._find_line_end(self._place)
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
            elif sign in "<>" and text.startswith("(", self._place + 1):
                parts.append(self._read_bracket())
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
                parts.append(self._read_expansion(is_quoted=True))
            else:
                parts.append(self._read(_DOUBLE))
        return "".join(parts)

    def _read_expansion(self, *, is_quoted: bool = False) -> str:
        """A variable as it is written, quotes in its braces left out; the output of a command as unknown."""
        if self._text[self._place] == "`":
            self._read(_BACKTICKS)
            return UNKNOWN
        following = self._text[self._place + 1 : self._place + 2]
        if following in _OPENED:
            return self._read_bracket(is_quoted=is_quoted)
        if following == "'" and not is_quoted:
            return _ESCAPED.sub(r"\1", self._read(_DOLLAR_SINGLE, 1)).replace("$", PLAIN_DOLLAR)
        if following == '"' and not is_quoted:
            self._place = self._place + 1
            return self._read_double()
        return self._read(_VARIABLE) or PLAIN_DOLLAR

    def _read_bracket(self, *, is_quoted: bool = False) -> str:
        """What begins with a sign and a bracket; where the bracket is not closed, up to the end of the line."""
        start, kept = self._place, (self._line, self._counted, self._documents)
        is_command = self._text[start + 1] == "("
        self._place, self._documents, self._nested = start + 2, [], self._nested + 1
        is_read = not self._is_broken and self._nested <= _MOST_NESTED
        is_known = is_read and (self._skip_commands() if is_command else self._skip_braces(is_quoted=is_quoted))
        self._documents, self._nested = kept[2], self._nested - 1
        if not is_known:
            self._is_broken = self._is_broken or is_read
            self._line, self._counted = kept[:2]
            end = self._closings.get(start + 1)
            is_known = end is not None
            self._place = self._find_line_end(start) if end is None else end + 1
        word = self._text[start : self._place].replace('"', "").replace("'", "")
        return word if is_known and not is_command else UNKNOWN

    def _skip_commands(self) -> bool:
        """Go behind the bracket that closes commands; false where it, or one in there, is not closed."""
        opened = cases = 0
        is_first = True
        for part in self.iter_parts():
            if self._is_broken:
                return False
            if isinstance(part, str):
                cases = max(cases + is_first * ((part == "case") - (part == "esac")), 0)
                is_first = is_first and part in LEADING
                continue
            is_first = True
            if part.text == ")" and not opened and not cases:
                return True
            opened = max(opened + (part.text == "(") - (part.text == ")"), 0)
        return False

    def _skip_braces(self, *, is_quoted: bool) -> bool:
        """Go behind the bracket that closes a variable; false where none does."""
        while self._place < len(self._text) and not self._is_broken:
            sign = self._text[self._place]
            if sign == "}":
                self._place = self._place + 1
                return True
            if sign == '"':
                self._read_double()
            elif sign == "'":
                self._read(_SINGLE_IN_DOUBLE if is_quoted else _SINGLE)
            elif sign == "\\":
                self._read_escaped()
            elif sign in "$`":
                self._read_expansion(is_quoted=is_quoted)
            else:
                self._read(_BRACED)
        return False

    def _find_line_end(self, place: int) -> int:
        end = self._text.find("\n", place)
        return len(self._text) if end < 0 else end

    @cached_property
    def _closings(self) -> dict[int, int]:
        return _pair_brackets(self._text)


def _pair_brackets(text: str) -> dict[int, int]:
    """Where each bracket that is opened is closed, by its place, whatever is quoted."""
    pairs: dict[int, int] = {}
    opened: dict[str, list[int]] = {"(": [], "{": []}
    for match in _BRACKET.finditer(text):
        sign = match[0]
        if sign in opened:
            opened[sign].append(match.start())
        elif stack := opened["(" if sign == ")" else "{"]:
            pairs[stack.pop()] = match.start()
    return pairs
