"""The lines on which a TOML file says its keys, by the names that settings have: `check.images[0].max-size`.

What reads TOML tells values alone. This walks over a text that was read already, so it takes it to be TOML:
https://toml.io/en/v1.0.0.
"""

import re
from bisect import bisect_right
from collections.abc import Mapping
from typing import Final

_SPACE: Final = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
_PLAIN: Final = re.compile(r"[^,\]}\n#]*")
_STRINGS: Final = (
    re.compile(r'"""(?:[^\\]|\\.)*?"""(?:"(?!"")){0,2}', re.DOTALL),
    re.compile(r"'''.*?'''(?:'(?!'')){0,2}", re.DOTALL),
    re.compile(r'"(?:[^"\\\n]|\\.)*"'),
    re.compile(r"'[^'\n]*'"),
)


def find_key_lines(text: str) -> Mapping[str, int]:
    """The line of each key, of each entry of an array, and of each table's head, counted from one."""
    return _Walker(text).walk()


class _Walker:
    """Where in the text it is, and what it has found."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0
        self._ends = [match.start() for match in re.finditer("\n", text)]
        self._lines: dict[str, int] = {}
        self._tables: dict[str, int] = {}
        """How many tables each array of tables has so far."""

    def walk(self) -> Mapping[str, int]:
        prefix = ""
        while self._peek():
            start = self._position
            if self._text[start] == "[":
                prefix = self._read_head()
            else:
                self._read_pair(prefix)
            if self._position == start:  # no TOML, or what this does not know: no lines are better than wrong ones
                break
        return self._lines

    def _peek(self) -> str:
        """The next sign that means something; empty at the end."""
        match = _SPACE.match(self._text, self._position)
        self._position = match.end() if match else self._position
        return self._text[self._position : self._position + 1]

    def _take(self, sign: str) -> bool:
        """Whether that sign is next, which is passed."""
        is_next = self._peek() == sign
        self._position += is_next
        return is_next

    def _note(self, key: str) -> None:
        self._lines.setdefault(key, bisect_right(self._ends, self._position - 1) + 1)

    def _read_head(self) -> str:
        """`[a.b]` or `[[a.b]]`; the name of the table, in which arrays of tables count."""
        is_array = self._text.startswith("[[", self._position)
        start = self._position
        self._position += 2 if is_array else 1
        name = ""
        parts = self._read_key()
        for place, part in enumerate(parts):
            name = f"{name}.{part}" if name else part
            if is_array and place == len(parts) - 1:
                self._tables[name] = self._tables.get(name, 0) + 1
            if name in self._tables:
                name = f"{name}[{self._tables[name] - 1}]"
        end, self._position = self._position, start
        self._note(name.partition("[")[0] if is_array else name)
        self._note(name)
        self._position = end
        while self._take("]"):
            pass
        return name

    def _read_pair(self, prefix: str) -> None:
        start = self._position
        key = ".".join([prefix, *self._read_key()] if prefix else self._read_key())
        end, self._position = self._position, start
        self._note(key)
        self._position = end
        if self._take("="):
            self._peek()
            self._read_value(key)

    def _read_key(self) -> list[str]:
        parts: list[str] = []
        while True:
            self._peek()
            match = _BARE.match(self._text, self._position)
            quoted = None if match else self._match_string()
            if match is None and quoted is None:
                return parts
            parts.append(match[0] if match else (quoted or "")[1:-1])
            self._position += len(match[0] if match else quoted or "")
            if not self._take("."):
                return parts

    def _match_string(self) -> str | None:
        found = (each.match(self._text, self._position) for each in _STRINGS)
        return next((match[0] for match in found if match), None)

    def _read_value(self, key: str) -> None:
        quoted = self._match_string()
        if quoted is not None:
            self._position += len(quoted)
        elif self._take("["):
            number = 0
            while self._peek() not in {"]", ""}:
                self._note(f"{key}[{number}]")
                start = self._position
                self._read_value(f"{key}[{number}]")
                number += self._take(",")
                if self._position == start:
                    return
            self._take("]")
        elif self._take("{"):
            while self._peek() not in {"}", ""}:
                start = self._position
                self._read_pair(key)
                self._take(",")
                if self._position == start:
                    return
            self._take("}")
        else:
            match = _PLAIN.match(self._text, self._position)
            self._position = match.end() if match else self._position
