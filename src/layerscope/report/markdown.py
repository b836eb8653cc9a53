"""Text of an image in Markdown: in code spans and fences, where nothing is a link, a mention, an image or HTML."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Final

from layerscope.report.escape import escape_line, escape_text

_PLAIN_WORD: Final = re.compile(r"\(*(?:[A-Za-z0-9%]+(?:['-][A-Za-z0-9]+)*|\d+(?:[.,]\d+)+%?|…)[),;:.]*")
"""Words that no reader of Markdown takes for anything else: neither punctuation within, nor a dot within letters."""

_SIGN: Final = re.compile(r"[-+=–—→][),;:.]*")  # noqa: RUF001 -- dashes as people write them
"""Signs that are plain between words, but not at the beginning of a line, where one may begin a list."""

_INSTRUCTION: Final = "ADD|ARG|CMD|COPY|ENTRYPOINT|ENV|EXPOSE|HEALTHCHECK|LABEL|ONBUILD|RUN|SHELL|USER|VOLUME|WORKDIR"
_STEP: Final = re.compile(rf"(?<!\S)\((?=(?:{_INSTRUCTION}) )")
"""Where an instruction begins that a sentence cites in parentheses."""

_PROGRAM: Final = "apk|apt|apt-get|chmod|chown|conda|dnf|docker|layerscope|microdnf|npm|pip|podman|rm|uv|yarn|yum"
_COMMAND: Final = re.compile(rf"(?<=: )(?:&&|{_INSTRUCTION}|{_PROGRAM}) \S.*?(?=[,;.]?(?: and | or once|\s+\(|$))")
"""An instruction or a command that stands behind a colon, up to where the sentence goes on."""

_LIST: Final = re.compile(r"(?<!\S)\[(?=\")")
"""Where a list in JSON begins, as commands are written."""

_AFTER_LIST: Final = re.compile(r"[),;:.]*(?!\S)")

_QUOTED: Final = re.compile(r"`([^`]+)`")
_EDGES: Final = re.compile(r"(\(*)(.*?)([),;:.]*)", re.DOTALL)
_TICKS: Final = re.compile(r"`+")
_FENCE: Final = 3
"""Backticks of the shortest fence."""


def write_prose(text: str) -> str:
    """A sentence on one line, with all words in code spans that are more than letters and digits.

    What stands between single backticks is one span, and so is an instruction in parentheses; where backticks do not
    pair, they are like any other character.
    """
    line = escape_line(text)
    pieces = _QUOTED.split(line)
    if any("`" in piece for piece in pieces) or "``" in line or not all(map(str.strip, pieces[1::2])):
        return _write_words(line)
    return "".join(
        write_code(piece) if number % 2 else _write_sentence(piece, is_first=not number)
        for number, piece in enumerate(pieces)
    )


def _write_sentence(text: str, *, is_first: bool) -> str:
    """The words of a text, with each instruction in parentheses and each list in JSON as one code span."""
    parts: list[str] = []
    start = 0
    for begin, end, span in _iter_spans(text):
        parts += [_write_clause(text[start:begin], is_first=is_first and not parts), span]
        start = end
    return "".join([*parts, _write_clause(text[start:], is_first=is_first and not parts)])


def _write_clause(text: str, *, is_first: bool) -> str:
    """The words of a text, with each command behind a colon as one code span."""
    parts: list[str] = []
    start = 0
    for command in _COMMAND.finditer(text):
        cited = command.group()
        while cited.endswith(")") and cited.count(")") > cited.count("("):
            cited = cited[:-1]
        parts += [_write_words(text[start : command.start()], is_first=is_first and not parts), write_code(cited)]
        start = command.start() + len(cited)
    return "".join([*parts, _write_words(text[start:], is_first=is_first and not parts)])


def _iter_spans(text: str) -> Iterator[tuple[int, int, str]]:
    """What is one code span whatever is in it: where it begins, where it ends, and how it is written."""
    at = 0
    while begins := min(filter(None, (each.search(text, at) for each in (_STEP, _LIST))), key=_begin, default=None):
        at = begins.end()
        if begins.re is _LIST:
            end = _find_list_end(text, begins.start())
            if end is not None:
                yield begins.start(), end, write_code(text[begins.start() : end])
                at = end
        elif (closing := _find_closing(text, begins.start())) is not None:
            yield begins.start(), closing + 1, f"({write_code(text[begins.end() : closing])})"
            at = closing + 1


def _begin(found: re.Match[str]) -> int:
    return found.start()


def _find_list_end(text: str, start: int) -> int | None:
    """Where a list in JSON ends that begins at an offset, if it is one, and nothing but punctuation follows it."""
    try:
        _, end = json.JSONDecoder().raw_decode(text, start)
    except (ValueError, RecursionError):
        return None
    return end if _AFTER_LIST.match(text, end) else None


def _find_closing(text: str, start: int) -> int | None:
    """Where the parenthesis that opens at an offset is closed; None where it is not."""
    depth = 0
    for offset in range(start, len(text)):
        depth += (text[offset] == "(") - (text[offset] == ")")
        if depth == 0:
            return offset
    return None


def _write_words(text: str, *, is_first: bool = True) -> str:
    """The words of a text, with the space before and after it."""
    before, after = (" " if text[end : end + 1 or None] == " " else "" for end in (0, -1))
    parts: list[str] = []
    quoted: list[str] = []
    for word in text.split():
        is_inner = not is_first or bool(parts or quoted)
        if _PLAIN_WORD.fullmatch(word) or not word.strip("(),;:.") or (is_inner and _SIGN.fullmatch(word)):
            parts += [*_quote(quoted), word]
            quoted = []
        else:
            quoted.append(word)
            if word.endswith((",", ";", ":")):
                parts += _quote(quoted)
                quoted = []
    return f"{before}{' '.join([*parts, *_quote(quoted)])}{after}"


def write_code(text: str) -> str:
    """A code span, with more backticks around it than are in it; of nothing, a blank."""
    line = escape_line(text) or " "
    ticks = "`" * (max(map(len, _TICKS.findall(line)), default=0) + 1)
    space = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{ticks}{space}{line}{space}{ticks}"


def write_fence(lines: Iterable[str], language: str) -> list[str]:
    """A block of code, with a longer fence than any in it."""
    return enclose_lines(map(escape_text, lines), language)


def enclose_lines(lines: Iterable[str], language: str) -> list[str]:
    """The same of lines that are safe to show as they are."""
    enclosed = list(lines)
    longest = max((len(run) for line in enclosed for run in _TICKS.findall(line)), default=0)
    fence = "`" * max(longest + 1, _FENCE)
    return [f"{fence}{language}", *enclosed, fence]


def write_row(cells: Iterable[str]) -> str:
    """A row of a table; a bar in a cell stays in it."""
    escaped = (cell.replace("|", "\\|") for cell in cells)
    return f"| {' | '.join(escaped)} |"


def _quote(words: list[str]) -> Iterator[str]:
    """Words that stand together as one code span, the sentence's own punctuation outside of it."""
    if not words:
        return
    match = _EDGES.fullmatch(" ".join(words))
    assert match is not None
    before, middle, after = match.groups()
    after_count = after.count(")") - before.count("(")
    if middle.count("(") > middle.count(")") and after_count > 0:
        middle, after = middle + after[: after.index(")") + 1], after[after.index(")") + 1 :]
    yield f"{before}{write_code(middle)}{after}" if middle else write_code(before + after)
