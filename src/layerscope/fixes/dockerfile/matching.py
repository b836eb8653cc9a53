"""Which step of an image's history each instruction of a Dockerfile became, even where only parts match."""

import re
from collections import ChainMap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Final

from layerscope.errors import UsageError
from layerscope.filesystem.tree import MergedTree
from layerscope.fixes.dockerfile.base_shell import find_base_shell
from layerscope.fixes.dockerfile.build_context import BuildContext
from layerscope.fixes.dockerfile.likeness import Likeness, compare_step, is_as_written
from layerscope.formats.dockerfile import Dockerfile, Instruction, Stage
from layerscope.formats.dockerfile_words import UNKNOWN, expand_variables, find_assignments
from layerscope.image.history import BuildStep

AUTOMATIC: Final = tuple(
    side + part for side in ("TARGET", "BUILD") for part in ("PLATFORM", "OS", "OSVERSION", "ARCH", "VARIANT")
)
"""Arguments that BuildKit and podman set by themselves, and no history tells:
https://docs.docker.com/reference/dockerfile/#automatic-platform-args-in-the-global-scope."""

COMPARED: Final = 512
"""Instructions and steps, the last of each, that are compared: an engine stacks 127 layers at most."""

_BUILDAH: Final = re.compile(r"/bin/sh -c #\(nop\) (?!COPY|ADD)[A-Z]")
"""How buildah begins a step that runs nothing; the classic builder has a blank more, except where it copies."""


@dataclass(frozen=True)
class Match:
    """An instruction, the step that it became, and whether they are the same as far as the history tells.

    They are the same, too, where the instruction `is_edited`: with nothing put in since but what layerscope writes.
    """

    instruction: Instruction
    step: BuildStep
    is_same: bool
    is_edited: bool = False


@dataclass(frozen=True)
class MatchedDockerfile:
    """A Dockerfile beside the history of the image that one of its stages became.

    `chain` are the stages that the image is made of, the target last: each starts from the one before. `base_shell`
    are the words of the shell that the image below them hands down, empty for the usual one. `context` is the folder
    that it is built from, where that is at hand, and `tree` what the image holds.
    """

    dockerfile: Dockerfile
    chain: tuple[Stage, ...]
    steps: tuple[BuildStep, ...]
    matches: tuple[Match, ...]
    base_shell: tuple[str, ...] = ()
    context: BuildContext | None = None
    tree: MergedTree | None = field(default=None, compare=False, repr=False)

    @property
    def target(self) -> Stage:
        """The stage that the image was built from."""
        return self.chain[-1]

    @cached_property
    def instructions(self) -> tuple[Instruction, ...]:
        """What the image is made of, in order, without FROM."""
        return tuple(each for stage in self.chain for each in stage.instructions[1:])

    @property
    def unmatched_instructions(self) -> tuple[Instruction, ...]:
        """Those that became no step of this image."""
        matched = {match.instruction.number for match in self.matches}
        return tuple(each for each in self.instructions if each.number not in matched)

    @property
    def unmatched_steps(self) -> tuple[BuildStep, ...]:
        """Those above the base image's that no instruction made."""
        first = min((match.step.position for match in self.matches), default=len(self.steps))
        matched = {match.step.position for match in self.matches}
        return tuple(step for step in self.steps if step.position > first and step.position not in matched)

    @property
    def is_related(self) -> bool:
        """Whether the image was built from this file, or from one much like it: half of it is in the history."""
        return bool(self.matches) and 2 * len(self.matches) >= min(len(self.instructions), COMPARED)

    @property
    def is_classic(self) -> bool:
        """Whether a builder without BuildKit's features made the image."""
        made = [match.step for match in self.matches if match.instruction.keyword in {"RUN", "COPY", "ADD"}]
        return bool(made) and not any(step.created_by.endswith("# buildkit") for step in made)

    def find_match(self, layer: int | None) -> Match | None:
        """The instruction that made a layer."""
        matches = (match for match in self.matches if match.step.layer == layer is not None)
        return next(matches, None)

    def list_between(self, first: Instruction, last: Instruction) -> tuple[Instruction, ...]:
        """What stands between two instructions of the chain."""
        numbers = [each.number for each in self.instructions]
        return self.instructions[numbers.index(first.number) + 1 : numbers.index(last.number)]


def match_dockerfile(
    dockerfile: Dockerfile,
    steps: tuple[BuildStep, ...],
    target: str = "",
    configured: tuple[str, ...] = (),
    *,
    is_lenient: bool = False,
) -> MatchedDockerfile:
    """Pair the instructions of the target stage (the last, unless it is named) with an image's steps.

    `configured` is the shell that the image's config names. With `is_lenient`, what only may be the same is, too: where
    buildah wrote the history, which tells no values and not how files are copied, and where a platform is not told.
    """
    chain = _follow_stages(dockerfile, target)
    compared = steps[-COMPARED:]
    instructions, likeness = list[Instruction](), list[list[Likeness]]()
    skipped = sum(len(stage.instructions) - 1 for stage in chain) - COMPARED
    shell = base_shell = find_base_shell(chain, steps, configured)
    automatic = dict.fromkeys(AUTOMATIC, UNKNOWN) if is_lenient else {}
    compare = partial(_compare_leniently, is_raw=is_lenient and any(map(_is_buildahs, steps)))
    for number, (each, values) in enumerate(_iter_values(dockerfile, chain, steps, automatic)):
        if each.keyword == "SHELL":
            shell = each.words or ()
        if number >= skipped:
            instructions.append(each)
            likeness.append([compare(each, step, values, shell) for step in compared])
    return MatchedDockerfile(dockerfile, chain, steps, _align(instructions, compared, likeness), base_shell)


def _is_buildahs(step: BuildStep) -> bool:
    return _BUILDAH.match(step.created_by) is not None


def _compare_leniently(
    instruction: Instruction, step: BuildStep, values: Mapping[str, str], shell: tuple[str, ...], *, is_raw: bool
) -> Likeness:
    if is_raw and is_as_written(instruction, step):
        return Likeness.SAME
    return compare_step(instruction, step, values, shell)


def _follow_stages(dockerfile: Dockerfile, target: str) -> tuple[Stage, ...]:
    """The target and the stages that it starts from, lowest first."""
    stages = dockerfile.stages
    place = find_stage_place(stages, target, len(stages)) if target else len(stages) - 1
    if place is None:
        raise UsageError(f"--target {target!r}: expected {tell_stages(stages)}")
    known = read_global_values(dockerfile)
    chain: list[Stage] = []
    while place is not None:
        chain.insert(0, stages[place])
        place = find_stage_place(stages, expand_variables(stages[place].base, known), place)
    return tuple(chain)


def tell_stages(stages: Sequence[Stage]) -> str:
    """How the stages of a Dockerfile may be named: by all names, and by numbers where one has none."""
    names = ", ".join(stage.name for stage in stages if stage.name)
    if not names:
        return f"a stage of the Dockerfile, which have no names: a number from 0 to {len(stages) - 1}"
    more = "" if all(stage.name for stage in stages) else f", or a number from 0 to {len(stages) - 1}"
    return f"a stage of the Dockerfile: {names}{more}"


def find_stage_place(stages: tuple[Stage, ...], name: str, before: int) -> int | None:
    """The place of the stage of that name or number, among those before a place."""
    if name.isdecimal() and len(name) < len(str(len(stages))) + 1 and int(name) < before:
        return int(name)
    wanted = name.lower()
    places = [place for place, stage in enumerate(stages[:before]) if stage.name == wanted != ""]
    return places[-1] if places else None


def read_global_values(dockerfile: Dockerfile) -> dict[str, str]:
    """What the ARG in front of the first FROM set."""
    values: dict[str, str] = {}
    for each in dockerfile.instructions:
        if each.keyword != "ARG":
            break
        values.update((name, expand_variables(value, values)) for name, value in find_assignments(each.operands))
    return values


def _iter_values(
    dockerfile: Dockerfile, chain: tuple[Stage, ...], steps: tuple[BuildStep, ...], automatic: Mapping[str, str]
) -> Iterator[tuple[Instruction, Mapping[str, str]]]:
    """Every instruction of the chain with the variables that it sees, which the next one changes.

    What a person gave with --build-arg is known from the history alone.
    """
    given = {
        name: value
        for step in steps
        if step.instruction.startswith("ARG ")
        for name, value in find_assignments(step.instruction.removeprefix("ARG "))
        if value
    }
    outer, environment = read_global_values(dockerfile), dict[str, str]()
    for stage in chain:
        arguments: dict[str, str] = {}
        values = ChainMap(environment, arguments)
        for each in stage.instructions[1:]:
            yield each, values
            pairs = find_assignments(each.operands) if each.keyword in {"ARG", "ENV"} else ()
            told = [(name, expand_variables(value, values)) for name, value in pairs]
            if each.keyword == "ENV":
                environment.update(told)
                continue
            for name, value in told:
                if known := given.get(name) or value or outer.get(name) or automatic.get(name):
                    arguments[name] = known


def _align(
    instructions: list[Instruction], steps: tuple[BuildStep, ...], likeness: list[list[Likeness]]
) -> tuple[Match, ...]:
    """The pairing in order with the most in common; of equal ones, that with the latest steps."""
    best = [[0] * (len(steps) + 1)]
    for likes in likeness:
        above, current = best[-1], [0]
        for column, like in enumerate(likes):
            current.append(max(above[column + 1], current[column], above[column] + like if like else 0))
        best.append(current)
    matches: list[Match] = []
    row, column = len(instructions), len(steps)
    while row and column:
        like = likeness[row - 1][column - 1]
        if like and best[row][column] == best[row - 1][column - 1] + like:
            row, column = row - 1, column - 1
            is_edited = like is Likeness.EDITED
            is_same = is_edited or like is Likeness.SAME
            matches.append(Match(instructions[row], steps[column], is_same=is_same, is_edited=is_edited))
        elif best[row][column] == best[row - 1][column]:
            row -= 1
        else:
            column -= 1
    return tuple(reversed(matches))
