"""LAY101: what a later step deletes of a COPY is left out of the build context, by a line of the ignore file."""

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from posixpath import basename, join, normpath
from typing import Final

from layerscope.facts.layers.endings import EndedFiles
from layerscope.facts.layers.folders import SHOWN_FOLDERS
from layerscope.fixes.dockerfile.build_context import BuildContext, ContextFile
from layerscope.fixes.dockerfile.copies import ContextCopy, Taking, find_sources, find_takers, list_folders, read_copy
from layerscope.fixes.dockerfile.edit import DockerfileEdit, Drop, FileEdit, NoEdit
from layerscope.fixes.dockerfile.matching import MatchedDockerfile
from layerscope.fixes.dockerfile.moving import find_other_stage
from layerscope.fixes.dockerfile.other_dockerfiles import find_other_takers, tell_others
from layerscope.fixes.dockerfile.scripts import read_script
from layerscope.formats.dockerfile import Instruction
from layerscope.formats.shell_list import ListedCommand
from layerscope.rules.fix import Safety
from layerscope.rules.wording import tell_list

CODE: Final = "LAY101"

SHOWN: Final = 5
"""Lines that are proposed: more would be a list of files, not a rule."""

_PLAIN_COMMAND: Final = re.compile(r"rm\s[^$`|<>&(){}#\\!;]+")
_PLAIN_PATH: Final = re.compile(r"(?![!#\s])[^*?\[\]\\\x00-\x1f\x7f]*[^*?\[\]\\\x00-\x1f\x7f\s]")
"""Paths that are themselves as lines of an ignore file, in every builder's language of patterns."""

_CHANGES_FOLDER: Final = re.compile(r"(?:cd|pushd|popd)(?:\s|$)")
_QUIET: Final = frozenset(
    [
        *("ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "HEALTHCHECK", "LABEL", "MAINTAINER", "SHELL"),
        *("STOPSIGNAL", "USER", "VOLUME", "WORKDIR"),
    ]
)
"""Instructions that run nothing, so that they read no file of the image."""


@dataclass(frozen=True)
class _Removal:
    """A command that removes paths, the layers that they are of, and whether it is content where there are none."""

    place: int
    paths: tuple[str, ...]
    layers: frozenset[int]
    is_forced: bool


def exclude_copied(
    step: EndedFiles, matched: MatchedDockerfile, layer: int, remover: Instruction, context: BuildContext
) -> DockerfileEdit | NoEdit | str:
    """The edit that names in the ignore file what `remover` deletes of a copied layer, or why there is none.

    Where the file names it already, the image is only older, which is told apart.
    """
    match = matched.find_match(layer)
    assert match is not None, "a copy is known to have made the layer"
    copy, folders = match.instruction, list_folders(matched)
    taken = read_copy(copy, folders[copy.number])
    if taken is None or not taken.is_plain:
        return f"what of the context line {copy.number} copies cannot be told"
    excluded: dict[str, str] = {}
    drops: list[Drop] = []
    for removal in _iter_removals(remover, folders[remover.number], step):
        found = _find_excluded(removal, taken, context) if removal.layers == {layer} else {}
        excluded |= found
        if found and not removal.is_forced:
            if set(found.values()) != set(removal.paths):
                return f"line {remover.number} deletes without -f, and would fail where a path is not there"
            drops.append(Drop(remover.number, removal.place))
    if not excluded:
        return f"no command of line {remover.number} deletes by a plain path what the context has (--context names it)"
    if len(excluded) > SHOWN:
        return (
            f"line {remover.number} deletes {len(excluded)} paths of the context: a pattern for them is yours to choose"
        )
    hindrance = _find_hindrance(matched, copy, remover, excluded)
    file = context.open_ignores()
    if hindrance or isinstance(file, str):
        return hindrance or str(file)
    lines = tuple(path for path in excluded if not _is_ignored(path, file))
    if not lines and not drops:
        named = f"{file.name} names {tell_list(excluded)} already: build the image again"
        reason = f"line {copy.number} copies them, and {named}"
        return NoEdit(CODE, step.layer, reason, is_held=True, remade=(copy.number, remover.number))
    others = [] if context.is_own(file) else find_other_takers(context, excluded)
    is_safe = not (
        others
        or drops
        or _may_read(matched, copy, remover)
        or any(taker != copy for path in excluded for taker, _ in find_takers(matched.dockerfile, path))
        or any(line.strip().startswith("!") for line in (file.text or "").splitlines())
    )
    return DockerfileEdit(
        CODE,
        step.layer,
        f"{_tell(lines, file, copy, remover)}{tell_others(others, 'it')}",
        Safety.SAFE if is_safe else Safety.REVIEW,
        drops=tuple(drops),
        files=(FileEdit(file, lines=_list_written(lines, file), is_ignores=True),) if lines else (),
        remade=(copy.number, remover.number),
        lessens=True,
    )


def _list_written(lines: Sequence[str], file: ContextFile) -> tuple[str, ...]:
    """What is written into an ignore file: one that was not there before would be copied as well, and names itself."""
    return (*lines, *((file.place.name,) if file.text is None else ()))


def _tell(lines: Sequence[str], file: ContextFile, copy: Instruction, remover: Instruction) -> str:
    """What the edit does; with no line to write, it only takes out a deletion that would fail."""
    if not lines:
        return f"Delete nothing in line {remover.number} that {file.name} has line {copy.number} not copy any more"
    return f"Name {', '.join(lines)} in {file.name}: line {copy.number} copies what line {remover.number} deletes"


def _find_excluded(removal: _Removal, taken: ContextCopy, context: BuildContext) -> dict[str, str]:
    """The paths of the context that are removed, each with where it lies in the image."""
    return {source: path for path in removal.paths for source in find_sources(taken, path) if context.find_kind(source)}


def _iter_removals(remover: Instruction, folder: str, step: EndedFiles) -> Iterator[_Removal]:
    """The commands that remove by plain paths what the fact tells of."""
    for place, command in enumerate(read_script(remover)):
        if _CHANGES_FOLDER.match(command.text):
            folder = ""
        words = _read_rm(command)
        options = "".join(word for word in words[1:] if word.startswith("-"))
        operands = [word for word in words[1:] if not word.startswith("-")]
        paths = [normpath(join(folder, word)) for word in operands]
        layers = frozenset(layer for path in paths if path.startswith("/") for layer in _find_layers(path, step))
        if layers:
            is_forced = "--force" in options or re.search(r"(?<!-)-\w*f", options) is not None
            yield _Removal(place, tuple(paths), layers, is_forced)


def _read_rm(command: ListedCommand) -> list[str]:
    """The words of a plain `rm`; none of any other command."""
    if not _PLAIN_COMMAND.fullmatch(command.text):
        return []
    try:
        return shlex.split(command.text)
    except ValueError:
        return []


def _find_layers(path: str, step: EndedFiles) -> Iterator[int]:
    """The layers of what is removed there; the fact tells folders, a command perhaps files in them."""
    place = f"{path.strip('/')}/"
    if len(step.folders) >= SHOWN_FOLDERS:  # of more folders, the small ones are not told
        yield from (origin.layer for origin in step.origins)
    for folder in step.folders:
        if f"{folder.path}/".startswith(place) or place.startswith(f"{folder.path}/"):
            yield folder.layer


def _find_hindrance(
    matched: MatchedDockerfile, copy: Instruction, remover: Instruction, excluded: dict[str, str]
) -> str:
    """Why a path cannot be left out at all: it cannot be written, or something would not find it."""
    for path, place in excluded.items():
        if not _PLAIN_PATH.fullmatch(path):
            return f"{path!r} has signs that mean something else in an ignore file"
        for taker, how in find_takers(matched.dockerfile, path):
            if how is Taking.BY_NAME:
                return f"line {taker.number} copies {path} by its name, and would not find it"
        for each in (*matched.list_between(copy, remover), remover):
            if each.keyword == "RUN" and _names(_read_rest(each), place):
                return f"line {each.number} may use {place}"
    line = find_other_stage(matched, copy, remover)
    return "" if line is None else f"line {line} builds on the stage of line {copy.number}, too"


def _read_rest(run: Instruction) -> str:
    """What a RUN does beside removing by plain paths."""
    commands = read_script(run)
    if commands:
        return " ; ".join(command.text for command in commands if not _read_rm(command))
    return run.text


def _names(text: str, place: str) -> bool:
    """Whether a text has the name of a file or folder as a word."""
    return re.search(rf"(?<![\w-]){re.escape(basename(place))}(?![\w-])", text) is not None


def _may_read(matched: MatchedDockerfile, copy: Instruction, remover: Instruction) -> bool:
    """Whether something between the copy and the deletion may read what it does not name."""
    if any(each.keyword not in _QUIET for each in matched.list_between(copy, remover)):
        return True
    commands = read_script(remover)
    first = next((place for place, command in enumerate(commands) if not _read_rm(command)), len(commands))
    return any(_read_rm(command) for command in commands[first:])


def _is_ignored(path: str, file: ContextFile) -> bool:
    """Whether a line names the path already, and none behind it takes something out again."""
    lines = [line.strip() for line in (file.text or "").removeprefix("\ufeff").splitlines()]
    places = [place for place, line in enumerate(lines) if line.strip("/") == path and not line.startswith("#")]
    return bool(places) and not any(line.startswith("!") for line in lines[places[-1] :])
