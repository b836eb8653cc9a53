"""Text compared line by line."""

from collections.abc import Iterator, Sequence
from difflib import Match, SequenceMatcher
from itertools import accumulate
from typing import Final, Literal

from layerscope.diff.contents.content_diff import ContentDiff, ContentReader
from layerscope.diff.contents.work import Work, WorkSpentError
from layerscope.formats.secret_blocks import redact_lines
from layerscope.layers.limits import KIB
from layerscope.rules.wording import tell_count

TEXT_LIMIT: Final = 256 * KIB
"""Bytes of a text that is compared."""

TEXT_WORK: Final = 10_000_000
"""What comparing one text may cost, a second: lines that come again and again are each compared with each."""

LINES_LIMIT: Final = 400
"""Lines of a diff that are kept."""

_CONTEXT: Final = 2
_REDACTION_COST: Final = 4
"""Units that searching a byte for credentials takes."""

_TOO_MUCH: Final = ContentDiff("text", remark="too many lines differ to be told apart")
_Group = Sequence[tuple[str, int, int, int, int]]
_OpCode = tuple[Literal["replace", "delete", "insert", "equal"], int, int, int, int]


class TextReader(ContentReader):
    """Compares UTF-8 text; credentials in it are hidden."""

    def compare(self, path: str, before: bytes, after: bytes, work: Work) -> ContentDiff | None:
        """A unified diff, without its heading."""
        del path
        if b"\0" in before or b"\0" in after:
            return None
        try:
            one, other = before.decode(), after.decode()
        except UnicodeDecodeError:
            return None
        if max(len(before), len(after)) > TEXT_LIMIT:
            return ContentDiff("text", remark=f"longer than {TEXT_LIMIT // KIB} KiB, which is not compared by line")
        matcher = _LineMatcher(one.splitlines(), other.splitlines())
        try:
            groups = list(matcher.get_grouped_opcodes(_CONTEXT))
        except WorkSpentError:
            return _TOO_MUCH
        finally:
            work.spend(matcher.work.spent + _REDACTION_COST * (len(before) + len(after)))
        if not groups:
            return ContentDiff("text", remark="the same lines, ended in another way")
        lines = list(_iter_lines(groups, redact_lines(one), redact_lines(other)))
        more = tell_count(len(lines) - LINES_LIMIT, "more line") if len(lines) > LINES_LIMIT else ""
        return ContentDiff("text", tuple(lines[:LINES_LIMIT]), remark=more)


class _LineMatcher(SequenceMatcher[str]):
    """Matches lines between the head and the tail that both have, and counts what that costs."""

    a: Sequence[str]
    b: Sequence[str]
    b2j: dict[str, list[int]]

    def __init__(self, one: Sequence[str], other: Sequence[str]) -> None:
        shorter = min(len(one), len(other))
        head = next((n for n in range(shorter) if one[n] != other[n]), shorter)
        tail = next((n for n in range(shorter - head) if one[-1 - n] != other[-1 - n]), shorter - head)
        self._head, self._ends = head, (len(one), len(other))
        self.work = Work(TEXT_WORK)
        super().__init__(None, one[head : len(one) - tail], other[head : len(other) - tail])
        self._costs = [0, *accumulate(1 + len(self.b2j.get(line, ())) for line in self.a)]

    def find_longest_match(self, alo: int = 0, ahi: int | None = None, blo: int = 0, bhi: int | None = None) -> Match:
        """The longest run of lines that both have there; raises WorkSpentError."""
        ahi = len(self.a) if ahi is None else ahi
        self.work.spend(self._costs[ahi] - self._costs[alo])
        return super().find_longest_match(alo, ahi, blo, bhi)

    def get_opcodes(self) -> list[_OpCode]:
        """What makes the one text of the other, head and tail included."""
        head, (end, other_end) = self._head, self._ends
        inner = [(tag, i1 + head, i2 + head, j1 + head, j2 + head) for tag, i1, i2, j1, j2 in super().get_opcodes()]
        stop, other_stop = len(self.a) + head, len(self.b) + head
        whole: list[_OpCode] = [("equal", 0, head, 0, head), *inner, ("equal", stop, end, other_stop, other_end)]
        return [code for code in whole if code[1] < code[2] or code[3] < code[4]]


def _iter_lines(groups: Sequence[_Group], one: Sequence[str], other: Sequence[str]) -> Iterator[str]:
    """A unified diff of the lines as they are shown."""
    for group in groups:
        ranges = (_tell_range(group[0][1], group[-1][2]), _tell_range(group[0][3], group[-1][4]))
        yield "@@ -{} +{} @@".format(*ranges)
        for tag, i1, i2, j1, j2 in group:
            if tag == "equal":
                yield from (f" {_cut_end(line)}" for line in one[i1:i2])
                continue
            yield from (f"-{_cut_end(line)}" for line in one[i1:i2])
            yield from (f"+{_cut_end(line)}" for line in other[j1:j2])


def _cut_end(line: str) -> str:
    return next(iter(line.splitlines()), "")


def _tell_range(start: int, stop: int) -> str:
    """As diff writes it: lines are counted from one, and no lines stand behind the one before."""
    length = stop - start
    return f"{start + 1}" if length == 1 else f"{start + 1 if length else start},{length}"
