"""A Dockerfile as its instructions, each with the exact lines and text it has, so that an edit changes only those.

The one library that PyPI keeps for it (dockerfile-parse 2.0.1) knows neither here-documents nor where in a line
something stands, and reads what it does not know as instructions of their own: an edit by it would break the file.

https://docs.docker.com/reference/dockerfile/
https://github.com/moby/buildkit/tree/master/frontend/dockerfile/parser
"""

import json
import re
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from layerscope.errors import FormatError
from layerscope.formats.dockerfile_lines import JoinedLine, Line, cut_lines, find_escape, join_lines

INSTRUCTIONS_LIMIT: Final = 4096
"""Instructions of one file; an engine stacks 127 layers at most."""

KEYWORDS: Final = frozenset(
    [
        *("ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "MAINTAINER"),
        *("ONBUILD", "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"),
    ]
)
_WITH_DOCUMENTS: Final = frozenset({"ADD", "COPY", "RUN"})

_HEAD: Final = re.compile(r"\s*(\S+)\s*")
_BLANK: Final = re.compile(r"\s+")
_WORD: Final = re.compile(r"""(?:[^\s'"\\]|\\.?|'[^']*'|"(?:[^"\\]|\\.)*")+""", re.DOTALL)
_DOCUMENT: Final = re.compile(r"\d*<<(-?)([^<]+)")
_STAGE: Final = re.compile(r"(\S+)(?:\s+[aA][sS]\s+([a-zA-Z][a-zA-Z0-9._-]*))?\s*")


class HereDocument(Struct, frozen=True):
    """Lines that an instruction gives a command or a file; tabs in front of them are left out where it says so."""

    name: str
    content: str


class Instruction(Struct, frozen=True):
    """One instruction: its keyword, flags as they are written, and operands, its lines joined without comments.

    Its lines are those from `line.first` up to `end`, documents included; both count from zero.
    """

    keyword: str
    flags: tuple[str, ...]
    operands: str
    line: JoinedLine
    end: int
    documents: tuple[HereDocument, ...] = ()

    @property
    def number(self) -> int:
        """Its first line as people count."""
        return self.line.first + 1

    @property
    def is_continued(self) -> bool:
        """Whether it ends in an escape that nothing follows, as the last of a file may."""
        return self.line.is_continued

    @property
    def words(self) -> tuple[str, ...] | None:
        """The operands in JSON form; None in any other."""
        return parse_exec_form(self.operands)

    @property
    def text(self) -> str:
        """Its operands and the documents below them: all that a command of it, or a file, is made of."""
        return "\n".join((self.operands, *(document.content for document in self.documents)))

    def find_place(self, position: int) -> int:
        """Where a position of the operands lies in the file's text."""
        return self.line.find_place(len(self.line.text.rstrip()) - len(self.operands) + position)

    @property
    def place(self) -> int:
        """Where its keyword stands in the file's text."""
        return self.line.find_place(len(self.line.text) - len(self.line.text.lstrip()))

    @property
    def keyword_stop(self) -> int:
        """Where its keyword ends, in whatever line."""
        indentation = len(self.line.text) - len(self.line.text.lstrip())
        return self.line.find_place(indentation + len(self.keyword) - 1) + 1

    @property
    def stop(self) -> int:
        """Where its operands end in the file's text; documents follow in lines of their own."""
        return self.find_place(len(self.operands) - 1) + 1


class Stage(Struct, frozen=True):
    """A stage: its name (empty where it has none), what it starts from, and its instructions, FROM first."""

    name: str
    base: str
    instructions: tuple[Instruction, ...]


class Dockerfile(Struct, frozen=True):
    """A Dockerfile: its text, its lines, and its instructions; `escape` is the sign that continues a line."""

    text: str
    lines: tuple[Line, ...]
    escape: str
    instructions: tuple[Instruction, ...]

    @property
    def line_end(self) -> str:
        """What ends its lines."""
        return "\r\n" if "\r\n" in self.text else "\n"

    @property
    def stages(self) -> tuple[Stage, ...]:
        """Its stages in order."""
        starts = [number for number, each in enumerate(self.instructions) if each.keyword == "FROM"]
        ends = [*starts[1:], len(self.instructions)]
        return tuple(_make_stage(self.instructions[start:end]) for start, end in zip(starts, ends, strict=True))

    def find_line(self, number: int) -> int:
        """Where a line starts in the text; behind the last line, the end."""
        return self.lines[number].start if number < len(self.lines) else len(self.text)


def parse_dockerfile(content: bytes) -> Dockerfile:
    """The Dockerfile that these bytes are; what a builder would not read raises FormatError with its line."""
    text, lines = cut_lines(content)
    escape = find_escape(lines)
    instructions = tuple(_iter_instructions(lines, escape))
    first = next((each for each in instructions if each.keyword != "ARG"), None)
    if first is None:
        raise FormatError("reading a Dockerfile: it has no FROM")
    if first.keyword != "FROM":
        raise FormatError(f"reading a Dockerfile: line {first.number} has {first.keyword}, expected FROM first")
    for each in instructions:
        if each.keyword == "FROM" and not _STAGE.fullmatch(each.operands):
            raise FormatError(f"reading a Dockerfile: line {each.number} is no FROM IMAGE [AS NAME]")
    return Dockerfile(text, lines, escape, instructions)


def parse_exec_form(text: str) -> tuple[str, ...] | None:
    """The words of operands in JSON form; None in any other."""
    if not text.startswith("["):
        return None
    try:
        words = json.loads(text)
    except (ValueError, RecursionError):
        return None
    is_list = isinstance(words, list) and all(isinstance(word, str) for word in words)
    return tuple(words) if is_list else None


def _make_stage(instructions: tuple[Instruction, ...]) -> Stage:
    match = _STAGE.fullmatch(instructions[0].operands)
    assert match is not None, "parse_dockerfile has looked at it"
    return Stage((match[2] or "").lower(), match[1], instructions)


def _iter_instructions(lines: tuple[Line, ...], escape: str) -> Iterator[Instruction]:
    """Every instruction in order."""
    number = count = 0
    while number < len(lines):
        if lines[number].is_comment or lines[number].is_blank:
            number += 1
            continue
        instruction = _read_instruction(lines, join_lines(lines, number, escape))
        count, number = count + 1, instruction.end
        if count > INSTRUCTIONS_LIMIT:
            raise FormatError(f"reading a Dockerfile: more than {INSTRUCTIONS_LIMIT} instructions")
        yield instruction


def _read_instruction(lines: tuple[Line, ...], line: JoinedLine) -> Instruction:
    """The instruction of a joined line, with the documents below it."""
    head = _HEAD.match(line.text)
    keyword = head[1].upper() if head is not None else ""
    if head is None or keyword not in KEYWORDS:
        raise FormatError(f"reading a Dockerfile: line {line.first + 1} starts with {keyword[:20]!r}, no instruction")
    flags, start = _read_flags(line.text, head.end())
    operands = line.text[start:].strip()
    if not operands:
        raise FormatError(f"reading a Dockerfile: line {line.first + 1} has a {keyword} without operands")
    documents, end = _read_documents(lines, line, keyword, operands)
    return Instruction(keyword, flags, operands, line, end, documents)


def _read_flags(text: str, position: int) -> tuple[tuple[str, ...], int]:
    """The words in front that start with two dashes, and where the operands start."""
    flags: list[str] = []
    while text.startswith("--", position):
        word = _WORD.match(text, position)
        if word is None:
            break
        blank = _BLANK.match(text, word.end())
        position = word.end() if blank is None else blank.end()
        if word[0] == "--":
            break
        flags.append(word[0])
    return tuple(flags), position


def _read_documents(
    lines: tuple[Line, ...], line: JoinedLine, keyword: str, operands: str
) -> tuple[tuple[HereDocument, ...], int]:
    """The here-documents that an instruction announces, and the line behind the last."""
    if keyword == "ONBUILD":
        keyword, _, operands = operands.partition(" ")
        keyword = keyword.upper()
    if keyword not in _WITH_DOCUMENTS or "<<" not in operands or parse_exec_form(operands.strip()) is not None:
        return (), line.end
    documents, number = list[HereDocument](), line.end
    for word in _WORD.findall(operands):
        match = _DOCUMENT.fullmatch(word)
        if match is not None:
            document, number = _read_document(lines, number, match, line.first + 1)
            documents.append(document)
    return tuple(documents), number


def _read_document(
    lines: tuple[Line, ...], number: int, match: re.Match[str], announced: int
) -> tuple[HereDocument, int]:
    """One document from that line on, and the line behind the one that ends it."""
    name = re.sub(r"['\"\\]", "", match[2])
    content: list[str] = []
    for place in range(number, len(lines)):
        text = lines[place].text.lstrip("\t") if match[1] else lines[place].text
        if text == name:
            return HereDocument(name, "".join(content)), place + 1
        content.append(text + "\n")
    raise FormatError(f"reading a Dockerfile: line {announced} starts a document that no line {name[:40]!r} ends")
