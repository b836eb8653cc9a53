"""Whether an image is still what its Dockerfile builds, as far as its history and its lowest layers tell."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from layerscope.fixes.dockerfile.matching import MatchedDockerfile, match_dockerfile, read_global_values
from layerscope.formats.dockerfile import Dockerfile, Instruction
from layerscope.formats.dockerfile_words import UNKNOWN, expand_variables
from layerscope.formats.secret_text import redact_text
from layerscope.gate.limit import Breach
from layerscope.gate.subject import Subject
from layerscope.rules.wording import quote_instruction

LIMIT: Final = "dockerfile"
"""What a breach of it is called."""

SHOWN: Final = 3
"""Departures that are told beside the first one."""

_WITHOUT_STEP: Final = frozenset({"ARG", "ONBUILD"})
"""Instructions that not every builder writes into the history: BuildKit leaves out one, buildah the other."""

_WITHOUT_LINE: Final = frozenset({"ARG", "LABEL"})
"""Steps that make nothing by themselves, and those that builders make of options, such as --label."""

_NO_BASE: Final = "scratch"

Departure = tuple[int, str]
"""The line that it is about, 0 where it is about none, and what is told of it."""


@dataclass(frozen=True)
class BaseHere:
    """The base image as it is here: the DiffIDs of its layers, and what it has done by builds that start from it."""

    layers: tuple[str, ...]
    triggers: tuple[str, ...]


@dataclass(frozen=True)
class BuiltFrom:
    """A Dockerfile by the name that a person knows it by, the stage that is built, and the command that does it."""

    dockerfile: Dockerfile
    name: str
    target: str
    command: str

    @property
    def base(self) -> str:
        """The image that the stage starts from in the end; empty for none, and where a variable hides it."""
        base = self._find_start()
        return "" if base == _NO_BASE or UNKNOWN in base else base

    @property
    def is_from_scratch(self) -> bool:
        """Whether the stage starts from nothing."""
        return self._find_start() == _NO_BASE

    def _find_start(self) -> str:
        chain = match_dockerfile(self.dockerfile, (), self.target).chain
        return expand_variables(chain[0].base, read_global_values(self.dockerfile))

    def check(self, subject: Subject, base: BaseHere | None = None) -> Breach | None:
        """What tells that the image was built from another state of the file; None where nothing does.

        `base` is the base image as it is here, for the same processor, where that is known.
        """
        image = subject.result.image
        shell = image.config.runtime.shell or ()
        matched = match_dockerfile(self.dockerfile, subject.result.steps, self.target, shell, is_lenient=True)
        remedy = f"build it again: {self.command}"
        start = matched.target.instructions[0].number
        is_begun = bool(matched.matches) and not matched.unmatched_steps  # lines were added, however many
        if matched.instructions and not (matched.is_related or is_begun):
            message = f"the image was not built from {self.name}: its history has other instructions"
            return Breach(LIMIT, message, remedy=remedy, line=start)
        own = [str(each) for each in image.config.rootfs]
        departures = list(_iter_departures(matched))
        if base is not None and own[: len(base.layers)] != list(base.layers):
            line = matched.chain[0].instructions[0].number
            departures.insert(0, (line, f"line {line}: its lowest layers are not those that {self.base} has here"))
        elif base is not None:
            departures += _iter_below(matched, base)
        if not departures:
            return None
        first, *others = [told for _, told in departures]
        more = [f"and {len(others) - SHOWN:,} more"] if len(others) > SHOWN else []
        message = f"the image is not what {self.name} builds: {first}"
        return Breach(LIMIT, message, "; ".join((*others[:SHOWN], *more)), remedy, line=departures[0][0] or start)


def _iter_departures(matched: MatchedDockerfile) -> Iterator[Departure]:
    """What the file has and the history has not, by line; then the other way round."""
    changed = {
        match.instruction.number: match.step for match in matched.matches if match.is_edited or not match.is_same
    }
    missing = {each.number: each for each in matched.unmatched_instructions if each.keyword not in _WITHOUT_STEP}
    for number in sorted({*changed, *missing}):
        if number in missing:
            yield number, f"line {number} is in no step of it: {_quote(_write(missing[number]))}"
        else:
            yield number, f"line {number} was changed since: the image has {_quote(changed[number].instruction)}"
    triggers = {" ".join(each.operands.split()) for each in matched.instructions if each.keyword == "ONBUILD"}
    for step in matched.unmatched_steps:
        if step.instruction in triggers:  # of a stage that another one starts from
            continue
        if step.instruction.partition(" ")[0] not in _WITHOUT_LINE:
            place = "a step" if step.layer is None else f"layer {step.layer}"
            yield 0, f"no line makes {place}: {_quote(step.instruction)}"


def _iter_below(matched: MatchedDockerfile, base: BaseHere) -> Iterator[Departure]:
    """The layers between those of the base image and the first that a line made, which no line makes."""
    first = min((match.step.position for match in matched.matches), default=len(matched.steps))
    triggers = {" ".join(each.split()) for each in base.triggers}
    for step in matched.steps:
        is_made = step.layer is not None and step.layer >= len(base.layers) and step.position < first
        if is_made and step.instruction not in triggers:
            yield 0, f"no line makes layer {step.layer}: {_quote(step.instruction)}"


def _write(instruction: Instruction) -> str:
    return " ".join((instruction.keyword, *instruction.flags, *instruction.operands.split()))


def _quote(instruction: str) -> str:
    """An instruction short enough for a sentence, without what may be a password in it."""
    return quote_instruction(redact_text(instruction))
