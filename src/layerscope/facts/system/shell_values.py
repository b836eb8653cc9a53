"""Words of a shell with variables in them: `$NAME`, `${NAME}` and `${NAME:-default}`, put together and filled in."""

import re
from collections.abc import Callable, Mapping
from typing import Final

VALUE_LIMIT: Final = 1024
"""Characters of a value; values that name each other several times over would grow without end."""

DEPTH_LIMIT: Final = 5
"""Defaults within defaults."""

_NAME: Final = re.compile(r"\w+", re.ASCII)
_BRACED: Final = re.compile(r"(\w+)(?::?[-=](.*)|:?\?.*)?", re.ASCII | re.DOTALL)
_REFERENCE: Final = re.compile(r"\$\{(\w+)\}", re.ASCII)

FindValue = Callable[[str, str | None], str | None]
"""From a variable's name and its default to what is put in its place; None where that is not known."""


def fill_in(text: str, find_value: FindValue, depth: int = 0) -> str | None:
    """The text with each variable replaced; None where one is not known, or the text asks for more than variables."""
    if len(text) > VALUE_LIMIT or depth > DEPTH_LIMIT:
        return None
    parts: list[str] = []
    place = length = 0
    while (dollar := text.find("$", place)) >= 0:
        parts.append(text[place:dollar])
        if text.startswith("{", dollar + 1):
            place = _find_closing(text, dollar + 1) + 1
            braced = _BRACED.fullmatch(text, dollar + 2, max(place - 1, dollar + 2))
            if not place or braced is None:
                return None
            default = None if braced[2] is None else fill_in(braced[2], find_value, depth + 1)
            if braced[2] is not None and default is None:
                return None
            value = find_value(braced[1], default)
        else:
            name = _NAME.match(text, dollar + 1)
            if name is None:
                return None
            place = name.end()
            value = find_value(name[0], None)
        if value is None:
            return None
        parts.append(value)
        length += len(value)
        if length > VALUE_LIMIT:
            return None
    parts.append(text[place:])
    return "".join(parts)


def fold_in(text: str, values: Mapping[str, str | None]) -> str | None:
    """The text with what a script has assigned put in; what is left names variables of the environment alone."""

    def find_value(name: str, default: str | None) -> str | None:
        if name not in values:
            return f"${{{name}}}" if default is None else f"${{{name}:-{default}}}"
        value = values[name]
        if not value:
            return value if value is None else default or ""
        reference = _REFERENCE.fullmatch(value)
        return f"${{{reference[1]}:-{default}}}" if reference is not None and default is not None else value

    return fill_in(text, find_value)


def resolve_value(text: str, environment: Mapping[str, str]) -> str | None:
    """The text as a process with that environment would see it; None where a variable has no value."""
    return fill_in(text, lambda name, default: environment.get(name) or default)


def _find_closing(text: str, opening: int) -> int:
    """Where a brace is closed; -1 where it is not."""
    depth = 0
    for place in range(opening, len(text)):
        depth += (text[place] == "{") - (text[place] == "}")
        if depth == 0:
            return place
    return -1
