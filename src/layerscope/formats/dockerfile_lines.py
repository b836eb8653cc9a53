"""The lines of a Dockerfile, those that a trailing escape continues joined, as BuildKit's parser joins them.

https://github.com/moby/buildkit/blob/master/frontend/dockerfile/parser/parser.go
"""

import re
from bisect import bisect_right
from operator import itemgetter
from typing import Final

from msgspec import Struct

from layerscope.errors import FormatError

SIZE_LIMIT: Final = 1 << 20
"""Bytes of a Dockerfile; one that is written by hand has some thousand."""

LINE_LIMIT: Final = 65535
"""Bytes of one line: BuildKit refuses longer ones."""

_DIRECTIVE: Final = re.compile(r"#[ \t]*([a-zA-Z][a-zA-Z0-9]*)[ \t]*=[ \t]*(\S.*)")
_MARK: Final = "\ufeff"
_CONTINUED: Final = {
    sign: re.compile(rf"(?:^|(?<=[^{re.escape(sign)}])){re.escape(sign)}[ \t]*$") for sign in ("\\", "`")
}


class Line(Struct, frozen=True):
    """One line without its end, and where it starts in the text."""

    text: str
    start: int

    @property
    def is_comment(self) -> bool:
        """Whether nothing but a comment stands in it, at whatever indentation."""
        return self.text.lstrip(" \t").startswith("#")

    @property
    def is_blank(self) -> bool:
        """Whether nothing stands in it."""
        return not self.text.strip()


class JoinedLine(Struct, frozen=True):
    """Lines from `first` up to `end` as one: each piece's start in the joined text, and its start in the file."""

    first: int
    end: int
    text: str
    places: tuple[tuple[int, int], ...]
    is_continued: bool
    """Whether its last line ends in an escape that nothing follows."""

    def find_place(self, position: int) -> int:
        """Where the sign at a position of the joined text stands in the file."""
        number = bisect_right(self.places, position, key=itemgetter(0)) - 1
        start, place = self.places[number]
        return place + position - start


def cut_lines(content: bytes) -> tuple[str, tuple[Line, ...]]:
    """The text and its lines; only a line feed ends one."""
    if len(content) > SIZE_LIMIT:
        raise FormatError(f"reading a Dockerfile: it has {len(content)} bytes, limit {SIZE_LIMIT}")
    lines: list[Line] = []
    start = 0
    for number, raw in enumerate(content.split(b"\n"), 1):
        if len(raw) > LINE_LIMIT:
            raise FormatError(f"reading a Dockerfile: line {number} has {len(raw)} bytes, limit {LINE_LIMIT}")
        if b"\0" in raw:
            raise FormatError(f"reading a Dockerfile: line {number} holds a NUL byte, expected text")
        try:
            line = raw.decode()
        except UnicodeDecodeError as error:
            raise FormatError(f"reading a Dockerfile: line {number} is not UTF-8") from error
        mark = line.startswith(_MARK) and number == 1
        lines.append(Line(line[mark:].removesuffix("\r"), start + mark))
        start += len(line) + 1
    return content.decode(), tuple(lines if lines[-1].text else lines[:-1])


def find_escape(lines: tuple[Line, ...]) -> str:
    """The sign that continues a line: what a directive at the top says, else a backslash."""
    escape = "\\"
    for number, line in enumerate(lines, 1):
        directive = _DIRECTIVE.fullmatch(line.text.strip())
        if directive is None:
            break
        if directive[1].lower() == "escape":
            escape = directive[2]
            if escape not in _CONTINUED:
                raise FormatError(f"reading a Dockerfile: line {number} sets escape to {escape!r}, expected \\ or `")
    return escape


def join_lines(lines: tuple[Line, ...], number: int, escape: str) -> JoinedLine:
    """The line of that number and those that continue it; comments and blank lines between them are left out."""
    first, parts, places, length = number, list[str](), list[tuple[int, int]](), 0
    is_continued = True
    while is_continued and number < len(lines):
        line, number = lines[number], number + 1
        if parts and (line.is_comment or line.is_blank):
            continue
        text = _CONTINUED[escape].sub("", line.text)
        is_continued = text != line.text
        parts.append(text)
        places.append((length, line.start))
        length += len(text)
    return JoinedLine(first, number, "".join(parts), tuple(places), is_continued)
