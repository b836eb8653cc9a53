"""Setting: one value of the policy, and where it was said, so that every complaint and every display can tell."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum
from typing import TypeGuard

from layerscope.errors import SettingsError


class Origin(StrEnum):
    """What said a value, the strongest first."""

    FLAG = "flag"
    VARIABLE = "variable"
    FILE = "file"
    DEFAULT = "default"


@dataclass(frozen=True)
class Setting:
    """A value as it was written; `place` is the flag, the variable or the file, `key` dotted as in the file."""

    key: str
    value: object
    origin: Origin = Origin.DEFAULT
    place: str = ""

    @property
    def where(self) -> str:
        """The beginning of a complaint about it."""
        if self.origin is Origin.FILE:
            return f"reading settings from {self.place}: {self.key}"
        return self.place or self.key

    def refuse(self, expected: str) -> SettingsError:
        """The complaint that something else was expected."""
        return SettingsError(f"{self.where}: expected {expected}, found {_write(self.value)}")

    def below(self, key: str | int, value: object) -> "Setting":
        """A value within this one."""
        step = f"[{key}]" if isinstance(key, int) else f".{key}"
        return Setting(self.key + step, value, self.origin, self.place)

    def read_text(self, expected: str = "a string") -> str:
        """The value as text that is not blank; raises SettingsError."""
        if is_text(self.value):
            return self.value
        raise self.refuse(expected)

    def read_flag(self) -> bool:
        """The value as yes or no; raises SettingsError."""
        if not isinstance(self.value, bool):
            raise self.refuse("true or false")
        return self.value

    def read_texts(self, expected: str = "a list of strings") -> tuple[str, ...]:
        """The value as texts, one alone included; raises SettingsError."""
        values = [self.value] if isinstance(self.value, str) else self.value
        if not isinstance(values, list | tuple) or not all(map(is_text, values)):
            raise self.refuse(expected)
        return tuple(dict.fromkeys(values))

    def read_table(self, expected: str = "a table") -> Mapping[str, object]:
        """The value as a table; raises SettingsError."""
        if not isinstance(self.value, dict):
            raise self.refuse(expected)
        return self.value

    def read_tables(self, expected: str) -> tuple["Setting", ...]:
        """The tables of a list, each a setting of its own; raises SettingsError."""
        if not isinstance(self.value, list) or not all(isinstance(each, dict) for each in self.value):
            raise self.refuse(expected)
        return tuple(self.below(number, each) for number, each in enumerate(self.value))

    def refuse_unknown(self, known: Iterable[str]) -> None:
        """Raise SettingsError for a key of this table that nobody knows, with the nearest that there is."""
        names = tuple(known)
        for key in self.read_table():
            if key not in names:
                raise SettingsError(f"{self.where}.{key}: unknown key; {tell_nearest(key, names)}")


def is_text(value: object) -> TypeGuard[str]:
    """Whether a value is text that is not blank, and that a file and an image can be called."""
    return isinstance(value, str) and bool(value.strip()) and "\0" not in value


def _write(value: object) -> str:
    """A value as the file has it, as far as that is another spelling than Python's."""
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if isinstance(value, date | time) else repr(value)


def tell_nearest(word: str, known: Iterable[str]) -> str:
    """The nearest of the known words, or all of them where none is near."""
    names = {name.lower(): name for name in known}
    near = difflib.get_close_matches(word.lower(), names, n=1, cutoff=0.6)
    return f"did you mean {names[near[0]]!r}?" if near else f"expected one of {', '.join(names.values())}"
