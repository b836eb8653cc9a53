"""Whether a command can be run earlier, at the end of the RUN that made what it changes."""

import re
from collections.abc import Iterable, Sequence
from operator import attrgetter
from pathlib import PurePosixPath
from typing import Final

from layerscope.fixes.dockerfile.matching import MatchedDockerfile
from layerscope.fixes.dockerfile.scripts import find_stop, read_script
from layerscope.formats.dockerfile import Instruction

_SHELLS: Final = frozenset({"sh", "bash", "ash", "dash", "zsh", "ksh"})
_PATH: Final = re.compile(r"/[\w.@%+,*?\[\]~-]+(?:/[\w.@%+,*?\[\]~-]*)*")
_GLOB: Final = re.compile(r"/?[^/]*[*?\[].*")
_CHANGES_SHELL: Final = re.compile(
    r"(?:cd|export|set|source|\.|umask|trap|alias|unset|shopt|eval)(?:\s|$)|\w+=\S*(?:\s*$)"
)
_SOURCE: Final = re.compile(r"\bfrom=([^,\s]+)")
_USERS: Final = frozenset({"RUN", "COPY", "ADD"})
SHORTEST_NAME: Final = 4
"""Letters of a file's name that tell it apart from any other word."""


def find_maker(matched: MatchedDockerfile, layer: int | None) -> Instruction | str:
    """The instruction that made a layer, or why none can be told to."""
    match = matched.find_match(layer)
    if match is None:
        return (
            f"no instruction of the Dockerfile made layer {layer}: its step is the base image's, or was changed since"
        )
    if not match.is_same:
        return f"line {match.instruction.number} is not the step that made layer {layer}: it was changed since"
    return match.instruction


def is_changed(matched: MatchedDockerfile, layer: int) -> bool:
    """Whether the file has the step that made a layer otherwise, or has it no more; the base image's it never had."""
    match = matched.find_match(layer)
    if match is None:
        return any(step.layer == layer for step in matched.unmatched_steps)
    return match.is_edited or not match.is_same


def is_edited(matched: MatchedDockerfile, layer: int) -> bool:
    """Whether the step that made a layer has edits of layerscope's since, and no other change."""
    match = matched.find_match(layer)
    return match is not None and match.is_edited


def find_changed(matched: MatchedDockerfile, layer: int) -> tuple[int, ...]:
    """The first line of what stands in the place of the step that made a layer; none where nothing does."""
    match = matched.find_match(layer)
    return () if match is None else (match.instruction.number,)


def find_shell_defect(matched: MatchedDockerfile, instruction: Instruction) -> str:
    """Why a RUN's text is not understood; empty where it is."""
    if instruction.words is not None:
        return f"line {instruction.number} is in JSON form: its commands are no list that can be changed"
    if not read_script(instruction):
        return f"the commands of line {instruction.number} are not a plain list joined by && and ;"
    shell = find_foreign_shell(matched, instruction.number)
    return f"line {instruction.number} is run by {shell}, which is no POSIX shell" if shell else ""


def find_foreign_shell(matched: MatchedDockerfile, number: int | None = None) -> str:
    """The shell that a line is given to, or one at the end, if it is none of POSIX; empty for one that is."""
    shells = [
        each.words or ("?",)
        for each in matched.instructions
        if each.keyword == "SHELL" and (number is None or each.number < number)
    ]
    shell = shells[-1] if shells else matched.base_shell
    if not shell or _is_posix(shell):
        return ""
    return f"{shell[0]}{'' if shells else ', the SHELL of the base image'}"


def _is_posix(shell: Sequence[str]) -> bool:
    """Whether the words of a SHELL name a shell that understands POSIX, be it by way of busybox."""
    names = [word.rpartition("/")[2] for word in shell]
    return not _SHELLS.isdisjoint(names[1:2] if names[0] == "busybox" else names[:1])


def find_hindrance(
    matched: MatchedDockerfile,
    makers: Sequence[Instruction],
    mover: Instruction,
    paths: Sequence[str],
    before: Iterable[str],
) -> str:
    """Why what is done to these paths cannot be done earlier, by those that make them; empty where it can.

    `before` are the commands that `mover` runs first.
    """
    first = min(makers, key=attrgetter("number"))
    if line := find_other_stage(matched, first, mover):
        return f"line {line} builds on the stage of line {first.number}, too"
    for each in matched.list_between(first, mover):
        if each.keyword in {"USER", "SHELL"}:
            return f"line {each.number} changes the {each.keyword} in between"
        if each not in makers and each.keyword in _USERS and (path := _find_used(each.text, paths)):
            return f"line {each.number} may use {path} in between"
    used = _find_used(" ; ".join(before), paths)
    return f"line {mover.number} may use {used} first" if used else ""


def find_earlier(matched: MatchedDockerfile, maker: Instruction, paths: Sequence[str]) -> int | None:
    """The line before `maker` that names one of these paths, so that it may be there already."""
    earlier = (each for each in matched.instructions if each.number < maker.number)
    return next((each.number for each in earlier if _find_used(each.operands, paths)), None)


def can_join(runs: list[Instruction]) -> bool:
    """Whether these RUNs, one behind another, do the same as one: none changes what the next one starts with."""
    scripts = [read_script(each) for each in runs]
    return (
        all(scripts)
        and all(find_stop(each) == each.stop for each in runs)
        and len({each.flags for each in runs}) == 1
        and not any(_CHANGES_SHELL.match(command.text) for script in scripts[:-1] for command in script)
    )


def find_other_stage(matched: MatchedDockerfile, maker: Instruction, mover: Instruction) -> int | None:
    """The line that takes a stage as it is between the two: a stage that starts from it, or copies out of it."""
    place, own = next((n, stage) for n, stage in enumerate(matched.dockerfile.stages) if maker in stage.instructions)
    if mover in own.instructions:
        return None
    names = {own.name or str(place), str(place)}
    for stage in matched.dockerfile.stages:
        for each in stage.instructions:
            sources = find_source_places(each)
            sources |= {stage.base.lower()} if each.keyword == "FROM" and stage not in matched.chain else set()
            if sources & names:
                return each.number
    return None


def find_source_places(instruction: Instruction) -> set[str]:
    """The stages and images that an instruction copies from, or mounts, as it names them."""
    return {match[1].lower() for flag in instruction.flags for match in _SOURCE.finditer(flag)}


def _find_used(text: str, paths: Sequence[str]) -> str | None:
    """The path that commands may read or write: they name it, what is in it, where it is, or a file of its name."""
    words = [PurePosixPath(_GLOB.sub("", word) or "/") for word in _PATH.findall(text)]
    for path in paths:
        place = PurePosixPath(_GLOB.sub("", path) or "/")
        if any(word == place or word in place.parents or place in word.parents for word in words):
            return path
        if len(place.name) >= SHORTEST_NAME and place.name in text:
            return path
    return None
