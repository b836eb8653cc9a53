"""An edit of a Dockerfile: what it changes, which findings it removes, and why others get none."""

from dataclasses import dataclass

from layerscope.rules.fix import Safety


@dataclass(frozen=True)
class Span:
    """A text in place of what stands from `start` up to `end` in the file; where they are one, it is put in."""

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Drop:
    """Leave out the command of that place in the list of the RUN whose first line has that number.

    A RUN that keeps no command goes.
    """

    number: int
    command: int


@dataclass(frozen=True)
class DockerfileEdit:
    """What one edit changes, for the finding of that code; the layer is the one that the finding is about."""

    code: str
    layer: int | None
    title: str
    safety: Safety
    spans: tuple[Span, ...] = ()
    drops: tuple[Drop, ...] = ()


@dataclass(frozen=True)
class NoEdit:
    """Why a finding gets no edit, and what a person can do instead where that is known."""

    code: str
    layer: int | None
    reason: str
    advice: str = ""
