"""The variables of compose files: how `.env` says them, and how texts are filled with them.

https://github.com/compose-spec/compose-spec/blob/main/12-interpolation.md
https://docs.docker.com/compose/how-tos/environment-variables/variable-interpolation/#env-file-syntax
"""

import re
from collections import ChainMap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from layerscope.errors import SettingsError

MAX_SIZE: Final = 1 << 20
"""Bytes of a `.env` file; real ones have some hundreds."""
MAX_LENGTH: Final = 1 << 16
"""Characters of a text that is filled; variables that hold each other twice would double it line by line."""
MAX_DEPTH: Final = 16
"""Defaults within defaults; real ones have two."""

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OPERATOR: Final = re.compile(r":?[-?+]")
_LINE: Final = re.compile(r"[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.-]*)[ \t]*(?:([=:])[ \t]*|(?=#|\n|$))")
_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t"}


def interpolate(text: str, variables: Mapping[str, str], where: str) -> str:
    """The text with its variables filled in; raises SettingsError for one that is not set, or is not well written."""
    return _Filling(text, variables, where).fill(0, depth=0)[0]


@dataclass(frozen=True)
class _Filling:
    """A text that is filled; with `is_strict`, what is not set is an error, else empty."""

    text: str
    variables: Mapping[str, str]
    where: str
    is_strict: bool = True

    def fill(self, start: int, *, depth: int) -> tuple[str, int]:
        """What the text comes to from there, and where it ends: within braces, at the one that closes them."""
        if depth > MAX_DEPTH:
            raise SettingsError(f"{self.where}: more than {MAX_DEPTH} variables within variables")
        parts: list[str] = []
        place, length = start, 0
        while place < len(self.text) and not (depth and self.text[place] == "}"):
            part, place = self._fill_one(place, depth) if self.text[place] == "$" else (self.text[place], place + 1)
            parts.append(part)
            length += len(part)
            if length > MAX_LENGTH:
                raise SettingsError(f"{self.where}: more than {MAX_LENGTH:,} characters with its variables")
        return "".join(parts), place

    def _fill_one(self, start: int, depth: int) -> tuple[str, int]:
        """What a dollar sign, and what belongs to it, stands for."""
        if self.text.startswith("$$", start):
            return "$", start + 2
        is_braced = self.text.startswith("${", start)
        name = _NAME.match(self.text, start + 1 + is_braced)
        if name is None:
            raise SettingsError(f"{self.where}: expected a variable after $, or $$ for the sign itself")
        if not is_braced:
            return self._choose(name[0], "", ""), name.end()
        operator = _OPERATOR.match(self.text, name.end())
        word, end = "", name.end()
        if operator is not None:
            # What is not used is not demanded, so an unset variable in it does no harm.
            is_used = self._is_set(name[0], operator[0]) is operator[0].endswith("+")
            inner = self if is_used else replace(self, is_strict=False)
            word, end = inner.fill(operator.end(), depth=depth + 1)
        if not self.text.startswith("}", end):
            raise SettingsError(
                f"{self.where}: expected a brace to close ${{{name[0]}, or one of :- - :? ? :+ + after the name"
            )
        return self._choose(name[0], operator[0] if operator else "", word), end + 1

    def _is_set(self, name: str, operator: str) -> bool:
        value = self.variables.get(name)
        return bool(value) if operator.startswith(":") else value is not None

    def _choose(self, name: str, operator: str, word: str) -> str:
        is_set = self._is_set(name, operator)
        if operator.endswith("+"):
            return word if is_set else ""
        if is_set:
            return self.variables[name]
        if operator.endswith("-"):
            return word
        if self.is_strict:
            raise SettingsError(f"{self.where}: the variable {name} is not set{f': {word}' if word else ''}")
        return ""


def read_env_file(path: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """The variables of a `.env` file, none where there is no such file; raises SettingsError for what it is not."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_SIZE + 1)
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise SettingsError(f"reading {str(path)!r}: {error.strerror}") from error
    if len(content) > MAX_SIZE:
        raise SettingsError(f"reading {str(path)!r}: more than {MAX_SIZE:,} bytes")
    found: dict[str, str] = {}
    text = content.decode("utf-8-sig", errors="replace").replace("\r\n", "\n")
    known = ChainMap(dict(environment), found)
    for name, value, is_literal in _iter_entries(text, path):
        if value is not None:
            found[name] = value if is_literal else _fill_loosely(value, known)
    return found


def _fill_loosely(value: str, known: Mapping[str, str]) -> str:
    """A value with its variables, of which an unset one is empty; one that is not well written stays as it is.

    Most variables have no part in the name of an image, and a password may well have a dollar sign.
    """
    try:
        return _Filling(value, known, "", is_strict=False).fill(0, depth=0)[0]
    except SettingsError:
        return value


def _iter_entries(text: str, path: Path) -> Iterator[tuple[str, str | None, bool]]:
    """Names, values, and whether those are literal; a value is None where the line has a name alone."""
    place = 0
    while place < len(text):
        end = text.find("\n", place)
        end = len(text) if end < 0 else end
        if not text[place:end].strip() or text[place:end].lstrip().startswith("#"):
            place = end + 1
            continue
        match = _LINE.match(text, place, end)
        if match is None:
            raise _refuse(path, text, place, "NAME=VALUE")
        if match[2] is None:
            yield match[1], None, True
            place = end + 1
            continue
        found = _read_value(text, match.end(), end)
        if found is None:
            raise _refuse(path, text, place, "the quotes to be closed, and nothing after them")
        value, is_literal, place = found
        yield match[1], value, is_literal


def _refuse(path: Path, text: str, place: int, expected: str) -> SettingsError:
    line = text.count("\n", 0, place) + 1
    return SettingsError(f"reading {str(path)!r}: line {line}: expected {expected}")


def _read_value(text: str, start: int, end: int) -> tuple[str, bool, int] | None:
    """A value, whether it is literal, and where the next line begins; None for quotes that are not closed.

    A value in quotes may span lines.
    """
    quote = text[start : start + 1]
    if quote not in {"'", '"'}:
        return re.split(r"(?:^|\s)#", text[start:end], maxsplit=1)[0].strip(), False, end + 1
    parts: list[str] = []
    place = start + 1
    while place < len(text) and text[place] != quote:
        if text[place] == "\\" and place + 1 < len(text) and (quote == '"' or text[place + 1] == quote):
            parts.append(_unescape(text[place + 1]))
            place += 2
            continue
        parts.append(text[place])
        place += 1
    after = text.find("\n", place)
    after = len(text) if after < 0 else after
    rest = text[place + 1 : after].strip()
    if place >= len(text) or (rest and not rest.startswith("#")):
        return None
    return "".join(parts), quote == "'", after + 1


def _unescape(sign: str) -> str:
    """What an escaped sign stands for; a dollar sign stays escaped until variables are filled in."""
    return "$$" if sign == "$" else _ESCAPES.get(sign, sign if sign in "\"'\\" else f"\\{sign}")
