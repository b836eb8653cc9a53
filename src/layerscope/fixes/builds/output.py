"""What builders print, understood as far as needed: which step is being made, what it says, and which one failed.

BuildKit numbers its steps and mixes their lines, `#6 0.117 hello`; the classic builder and podman print a heading for
each instruction, and what it says below.
"""

import re
from collections import deque
from dataclasses import dataclass, field
from typing import Final

TAIL: Final = 40
"""Lines of a step, and of the whole output, that are kept."""

STEPS_LIMIT: Final = 20_000
"""Steps that are told apart; a Dockerfile has 4,096 instructions at most."""

_BUILDKIT: Final = re.compile(r"#(\d+) (.*)")
_VERTEX: Final = re.compile(r"\[[^\]]+\] (.+)")
_LOGGED: Final = re.compile(r"\d+\.\d+ (.*)")
_CLASSIC: Final = re.compile(r"Step (\d+)/(\d+) : (.+)")
_PODMAN: Final = re.compile(r"(?:\[(\d+)/\d+\] )?STEP (\d+)/(\d+): (.+)")
_NUMBERED: Final = re.compile(r"[^\s:]+:(\d+)")
_UNPARSED: Final = re.compile(r"(?i)dockerfile parse error (?:on )?line (\d+)")
_MARK: Final = re.compile(r"-{10,}")
_CLASSIC_TALK: Final = re.compile(
    r" ---> |Removing intermediate container |Successfully |DEPRECATED: The legacy builder"
)


@dataclass
class BuildStep:
    """A step as a builder tells of it: its text, its number in the whole file or 0, and the last of what it said."""

    text: str
    number: int = 0
    error: str = ""
    output: deque[str] = field(default_factory=lambda: deque(maxlen=TAIL))


@dataclass(frozen=True)
class Breakdown:
    """Where a build broke: the step's text and number as far as known, the line that the builder named, its words."""

    text: str
    number: int
    line: int | None
    output: tuple[str, ...]


@dataclass(frozen=True)
class BuildRun:
    """A build that has ended: its command, its exit code, and where it broke if that is not 0."""

    command: tuple[str, ...]
    code: int
    breakdown: Breakdown


class BuildOutput:
    """The lines of one build, taken one after the other."""

    def __init__(self) -> None:
        """Nothing has been said."""
        self.tail: deque[str] = deque(maxlen=TAIL)
        self._vertices: dict[str, BuildStep] = {}
        self._current: BuildStep | None = None
        self._place = (0, 0)
        self._line: int | None = None
        self._failed: BuildStep | None = None

    def add(self, line: str) -> None:
        """Take the next line, which has no signs for terminals."""
        if line:
            self.tail.append(line)
        if self._current is None and (match := _BUILDKIT.fullmatch(line)):
            self._add_vertex(match[1], match[2])
        elif (match := _CLASSIC.fullmatch(line)) and self._is_next(0, int(match[1])):
            self._current = BuildStep(match[3], int(match[1]))
        elif (match := _PODMAN.fullmatch(line)) and self._is_next(int(match[1] or 1), int(match[2])):
            self._current = BuildStep(match[4])
        elif self._current is not None:
            if line and not _CLASSIC_TALK.match(line):
                self._current.output.append(line)
        else:
            self._find_line(line)

    def find_breakdown(self) -> Breakdown:
        """Where it broke, if the builder has ended with a failure."""
        step = self._current or self._failed
        if step is None:
            return Breakdown("", 0, self._line, tuple(self.tail))
        return Breakdown(step.text, step.number, self._line, tuple(step.output) or (step.error,))

    def _add_vertex(self, number: str, told: str) -> None:
        """A line of BuildKit about one of its steps."""
        if step := self._vertices.get(number):
            if match := _LOGGED.fullmatch(told):
                step.output.append(match[1])
            elif told.startswith("ERROR: "):
                step.error = told.removeprefix("ERROR: ")
                self._failed = step
        elif len(self._vertices) < STEPS_LIMIT:
            match = _VERTEX.fullmatch(told)
            self._vertices[number] = BuildStep(match[1] if match else told)

    def _is_next(self, stage: int, number: int) -> bool:
        """Whether a heading is the builder's own: what an instruction prints may look like one."""
        if (stage, number) == (self._place[0], self._place[1] + 1) or (stage > self._place[0] and number == 1):
            self._place = (stage, number)
            return True
        return False

    def _find_line(self, line: str) -> None:
        """The line of the Dockerfile that BuildKit names at its end: above a rule, or in a sentence."""
        above = self.tail[-2] if _MARK.fullmatch(line) and len(self.tail) > 1 else ""
        match = _UNPARSED.search(line) or _NUMBERED.fullmatch(above)
        if match is not None:
            self._line = int(match[1])
