"""LAY103: owner and mode are set where files are copied or made, not in a step that ships them again."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from operator import attrgetter
from posixpath import normpath
from typing import Final

from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.endings import EndedFiles
from layerscope.fixes.dockerfile.edit import DockerfileEdit, Drop, NoEdit
from layerscope.fixes.dockerfile.matching import MatchedDockerfile
from layerscope.fixes.dockerfile.moving import find_earlier, find_hindrance, find_maker, find_shell_defect
from layerscope.fixes.dockerfile.scripts import add_flags, append_command, read_script
from layerscope.formats.dockerfile import Instruction
from layerscope.formats.dockerfile_words import find_words, strip_quotes
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Safety

CODE: Final = "LAY103"

_PLAIN: Final = re.compile(r"[\w./@%+,:='\" -]+")
_RECURSIVE: Final = frozenset({"-R", "--recursive"})
_MODE: Final = re.compile(r"0?[0-7]{3,4}")
_OWNER: Final = re.compile(r"[\w.-]+(?::[\w.-]+)?")
_NUMERIC: Final = re.compile(r"\d+(?::\d+)?")


@dataclass(frozen=True)
class _Change:
    """A `chown -R` or `chmod -R` of absolute paths: its place in the list, what it sets, and where."""

    place: int
    text: str
    flag: str
    value: str
    paths: tuple[str, ...]


def edit_ownership(
    findings: tuple[Finding, ...], facts: FactSet, matched: MatchedDockerfile
) -> Iterator[DockerfileEdit | NoEdit]:
    """An edit, or why there is none, for each finding that has a fix."""
    ended = {fact.layer: fact for fact in facts.of(EndedFiles) if fact.ending == "metadata"}
    for finding in findings:
        layer = finding.locations[0].layer
        if finding.code == CODE and finding.fixes and layer in ended:
            result = _edit(ended[layer], matched)
            yield NoEdit(CODE, layer, result) if isinstance(result, str) else result


def _edit(step: EndedFiles, matched: MatchedDockerfile) -> DockerfileEdit | str:
    changer = find_maker(matched, step.layer)
    if isinstance(changer, str):
        return changer
    makers: list[Instruction] = []
    for origin in step.origins:
        maker = find_maker(matched, origin.layer)
        if isinstance(maker, str):
            return maker
        makers.append(maker)
    if defect := find_shell_defect(matched, changer):
        return defect
    commands = read_script(changer)
    changes = [change for place, command in enumerate(commands) if (change := _read(place, command.text))]
    changes = [change for change in changes if any(_reaches(path, step) for path in change.paths)]
    if not changes:
        return f"no chown -R or chmod -R of line {changer.number} names them by plain absolute paths"
    paths = [path for change in changes for path in change.paths]
    before = [command.text for place, command in enumerate(commands) if place < changes[0].place]
    if hindrance := find_hindrance(matched, makers, changer, paths, before):
        return hindrance
    if all(maker.keyword in {"COPY", "ADD"} for maker in makers):
        return _set_flags(step, matched, makers, changer, changes)
    if len(makers) > 1:
        return f"more steps than that of line {makers[0].number} make these files"
    return _move(step, matched, makers[0], changer, changes)


def _set_flags(
    step: EndedFiles,
    matched: MatchedDockerfile,
    copies: list[Instruction],
    changer: Instruction,
    changes: list[_Change],
) -> DockerfileEdit | str:
    """Flags of COPY in place of the commands."""
    flags = " ".join(f"--{change.flag}={change.value}" for change in changes)
    for change in changes:
        if change.flag == "chmod" and matched.is_classic:
            return "the image was built by the classic builder, which knows no COPY --chmod"
        if change.flag == "chmod" and not _MODE.fullmatch(change.value):
            return f"COPY --chmod takes a number, and line {changer.number} sets {change.value}"
        if change.flag == "chown" and (
            line := _find_new_user(matched, min(copies, key=attrgetter("number")), changer, change.value)
        ):
            return f"line {line} makes the user or group of {change.value} after the files are copied: move it above"
    paths = [path for change in changes for path in change.paths]
    if line := find_earlier(matched, min(copies, key=attrgetter("number")), paths):
        return f"line {line} names the folder before: if it is there, COPY does not change its owner or mode"
    for copy in copies:
        if any(flag.startswith(("--chown", "--chmod")) for flag in copy.flags):
            return f"line {copy.number} sets an owner or mode of its own"
        if not all(_holds(path, copy) for change in changes for path in change.paths):
            return f"line {copy.number} copies to another place than line {changer.number} changes"
    return DockerfileEdit(
        CODE,
        step.layer,
        f"Copy with {flags} and drop line {changer.number}'s {' and '.join(change.flag for change in changes)}",
        Safety.REVIEW,
        spans=tuple(add_flags(copy, flags) for copy in copies),
        drops=tuple(Drop(changer.number, change.place) for change in changes),
        lessens=True,
    )


def _move(
    step: EndedFiles, matched: MatchedDockerfile, maker: Instruction, changer: Instruction, changes: list[_Change]
) -> DockerfileEdit | str:
    """The commands at the end of the RUN that makes the files."""
    if maker == changer:
        return f"line {maker.number} both makes and changes them"
    if defect := find_shell_defect(matched, maker):
        return defect
    for change in changes:
        if change.flag == "chown" and (line := _find_new_user(matched, maker, changer, change.value)):
            return f"line {line} makes the user or group of {change.value} after the files are made: move it above"
    return DockerfileEdit(
        CODE,
        step.layer,
        f"Set owner and mode at the end of line {maker.number}, not in line {changer.number}",
        Safety.REVIEW,
        spans=tuple(append_command(matched.dockerfile, maker, change.text) for change in changes),
        drops=tuple(Drop(changer.number, change.place) for change in changes),
        lessens=True,
    )


def _read(place: int, command: str) -> _Change | None:
    """What a command sets, where it is plain: no variable, no pattern, no option but -R."""
    if not _PLAIN.fullmatch(command):
        return None
    try:
        words = shlex.split(command)
    except ValueError:
        return None
    options = [word for word in words[1:] if word.startswith("-")]
    operands = [word for word in words[1:] if not word.startswith("-")]
    if words[0] not in {"chown", "chmod"} or set(options) - _RECURSIVE or not options or not operands:
        return None
    value, *paths = operands
    is_plain = words[0] == "chmod" or _OWNER.fullmatch(value)
    if not is_plain or not paths or not all(path.startswith("/") and normpath(path) != "/" for path in paths):
        return None
    return _Change(place, command, words[0], value, tuple(normpath(path) for path in paths))


def _reaches(path: str, step: EndedFiles) -> bool:
    """Whether files that were shipped again lie there."""
    place = f"{path.strip('/')}/"
    return any(f"{folder.path}/".startswith(place) or place.startswith(f"{folder.path}/") for folder in step.folders)


def _holds(path: str, copy: Instruction) -> bool:
    """Whether all that is copied lies at a path, or below it."""
    words = copy.words or find_words(copy.operands)
    target = strip_quotes(words[-1])
    return target.startswith("/") and "$" not in target and f"{normpath(target)}/".startswith(f"{path}/")


def _find_new_user(matched: MatchedDockerfile, maker: Instruction, changer: Instruction, owner: str) -> int | None:
    """The line after `maker` that may make a user or group which is given by name."""
    if _NUMERIC.fullmatch(owner):
        return None
    names = [name for name in owner.split(":") if not name.isdecimal()]
    between = [*matched.list_between(maker, changer), changer]
    for each in between:
        commands = [command.text for command in read_script(each)] or [each.operands]
        makes = [text for text in commands if not text.startswith(("chown", "chmod"))]
        if each.keyword == "RUN" and any(
            re.search(rf"\b{re.escape(name)}\b", text) for text in makes for name in names
        ):
            return each.number
    return None
