"""An edit of a Dockerfile: what it changes, which findings it removes, and why others get none."""

from dataclasses import dataclass

from layerscope.fixes.dockerfile.build_context import ContextFile
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Safety


@dataclass(frozen=True)
class Span:
    """A text in place of what stands from `start` up to `end` in the file; where they are one, it is put in."""

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Drop:
    """Leave out a part of the instruction whose first line has that number: the one of that place.

    Of a RUN it is a command of its list, of an ENV an assignment. An instruction that keeps none goes.
    """

    number: int
    part: int


@dataclass(frozen=True)
class FileEdit:
    """What an edit changes in a file beside the Dockerfile: texts in place of others, and lines behind its last.

    `is_ignores` says that it is the list of what a build does not copy.
    """

    file: ContextFile
    spans: tuple[Span, ...] = ()
    lines: tuple[str, ...] = ()
    is_ignores: bool = False


@dataclass(frozen=True)
class DockerfileEdit:
    """What one edit changes, for the finding of that code about that layer, and of several such about that path.

    Instructions of which it changes what they do and not what they say, since a file is another one, are `remade`: by
    their first lines. One that `lessens` leaves a part of what it is for.
    """

    code: str
    layer: int | None
    title: str
    safety: Safety
    spans: tuple[Span, ...] = ()
    drops: tuple[Drop, ...] = ()
    path: str | None = None
    files: tuple[FileEdit, ...] = ()
    remade: tuple[int, ...] = ()
    lessens: bool = False

    @property
    def needs_context(self) -> bool:
        """Whether a build has it only from a context that is changed: more than what is ignored is another."""
        return any(not each.is_ignores for each in self.files)

    def is_for(self, finding: Finding) -> bool:
        """Whether it removes a finding, or its part of it.

        A layer that comes first and without a path is the one at fault; those after it made what it ships again.
        """
        return _is_about(self.code, self.layer, self.path, finding)


@dataclass(frozen=True)
class NoEdit:
    """Why a finding gets no edit, and what a person can do instead where that is known.

    With `is_held` the files hold the cure already, and the image is older: a build alone brings it, and makes the
    instructions anew that are `remade`, by their first lines.
    """

    code: str
    layer: int | None
    reason: str
    advice: str = ""
    is_held: bool = False
    remade: tuple[int, ...] = ()
    path: str | None = None

    def is_for(self, finding: Finding) -> bool:
        """Whether it is about a finding, or a part of it."""
        return _is_about(self.code, self.layer, self.path, finding)


def _is_about(code: str, layer: int | None, path: str | None, finding: Finding) -> bool:
    """Whether a finding is of that code, and at that layer and path where they are known."""
    if finding.code != code or layer is None:
        return finding.code == code
    first = finding.locations[0]
    blamed = finding.locations if first.layer is None or first.path is not None else (first,)
    return any(place.layer == layer and path in {None, place.path} for place in blamed)
