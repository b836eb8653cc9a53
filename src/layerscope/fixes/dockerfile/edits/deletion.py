"""LAY101: what a later step deletes is deleted in the step that makes it."""

import shlex
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.endings import EndedFiles
from layerscope.facts.layers.folders import SHOWN_FOLDERS
from layerscope.fixes.dockerfile.edit import DockerfileEdit, Drop, NoEdit, Span
from layerscope.fixes.dockerfile.edits.context_excludes import exclude_copied
from layerscope.fixes.dockerfile.matching import MatchedDockerfile
from layerscope.fixes.dockerfile.moving import can_join, find_hindrance, find_maker, find_shell_defect, is_edited
from layerscope.fixes.dockerfile.scripts import append_command, join_runs, read_script
from layerscope.formats.dockerfile import Instruction
from layerscope.rules.deletion_commands import covers, find_deletions
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Safety

CODE: Final = "LAY101"
ADVICE: Final = "narrow what it copies, or copy from a stage of its own"

_CLEANED: Final = {
    ("apt-get", "clean"): ("var/cache/apt",),
    ("apt", "clean"): ("var/cache/apt",),
    ("dnf", "clean"): ("var/cache/dnf", "var/cache/libdnf5"),
    ("microdnf", "clean"): ("var/cache/dnf", "var/cache/yum", "var/cache/libdnf5"),
    ("yum", "clean"): ("var/cache/yum", "var/cache/dnf"),
}
"""What a package manager's own command deletes; of `remove` and `purge` nobody can tell without running them."""


def edit_deletions(
    findings: tuple[Finding, ...], facts: FactSet, matched: MatchedDockerfile
) -> Iterator[DockerfileEdit | NoEdit]:
    """An edit, or why there is none, for each finding that has a fix; both where a part of it can be cured."""
    ended = {fact.layer: fact for fact in facts.of(EndedFiles) if fact.ending == "removed"}
    for finding in findings:
        layer = finding.locations[0].layer
        if finding.code == CODE and finding.fixes and layer in ended:
            yield from _edit(ended[layer], matched)


def _edit(step: EndedFiles, matched: MatchedDockerfile) -> Iterator[DockerfileEdit | NoEdit]:
    """Delete where it is made what a RUN makes, and leave out of the context what is copied."""
    remover = find_maker(matched, step.layer)
    if isinstance(remover, str):
        yield NoEdit(CODE, step.layer, remover)
        return
    copied = list(_iter_copied(step, matched, remover))
    yield from _edit_runs(step, matched, remover, has_copies=bool(copied))
    for layer in copied:
        yield _exclude(step, matched, layer, remover)


def _edit_runs(
    step: EndedFiles, matched: MatchedDockerfile, remover: Instruction, *, has_copies: bool
) -> Iterator[DockerfileEdit | NoEdit]:
    """Move each command that deletes to the only RUN that makes what it deletes."""
    moves: list[tuple[int, Instruction]] = []
    kept: list[NoEdit] = []
    for place, layers, paths in _list_deletions(step, remover):
        maker = _find_only_maker(step, matched, layers)
        if isinstance(maker, NoEdit):
            kept.append(maker)
        elif maker.keyword != "RUN":
            continue
        elif is_edited(matched, layers[0]) and _has_command(maker, read_script(remover)[place].text):
            reason = f"line {maker.number} deletes them itself already: build the image again"
            kept.append(NoEdit(CODE, step.layer, reason, is_held=True, remade=(maker.number,)))
        elif hindrance := _find_hindrance(matched, maker, remover, place, paths):
            joined = _join(matched, maker, remover)
            if joined and not moves:
                title = f"Join lines {maker.number} to {remover.end}, so that no layer keeps what the last one deletes"
                yield DockerfileEdit(CODE, step.layer, title, Safety.REVIEW, spans=joined, lessens=True)
                return
            kept.append(NoEdit(CODE, step.layer, hindrance))
        else:
            moves.append((place, maker))
    if moves:
        yield _move(step, matched, remover, moves)
    elif not kept and not has_copies:
        origin = _find_only_maker(step, matched, [step.origins[0].layer])
        kept = [origin if isinstance(origin, NoEdit) else _tell_unread(step, matched, remover)]
    yield from dict.fromkeys(kept)


def _has_command(instruction: Instruction, text: str) -> bool:
    return any(command.text == text for command in read_script(instruction))


def _iter_copied(step: EndedFiles, matched: MatchedDockerfile, remover: Instruction) -> Iterator[int]:
    """The layers of which something is deleted that copies made."""
    groups = [layers for _, layers, _ in _list_deletions(step, remover)] or [[step.origins[0].layer]]
    for layers in dict.fromkeys(map(tuple, groups)):
        maker = _find_only_maker(step, matched, list(layers))
        if isinstance(maker, Instruction) and maker.keyword != "RUN":
            yield layers[0]


def _tell_unread(step: EndedFiles, matched: MatchedDockerfile, remover: Instruction) -> NoEdit:
    reason = (
        find_shell_defect(matched, remover) or f"no command of line {remover.number} deletes them by absolute paths"
    )
    return NoEdit(CODE, step.layer, reason)


def _exclude(step: EndedFiles, matched: MatchedDockerfile, layer: int, remover: Instruction) -> DockerfileEdit | NoEdit:
    """Leave what a copy brings out of the context; told in words where that is not at hand, or cannot be."""
    copy = find_maker(matched, layer)
    assert isinstance(copy, Instruction), "it was found before"
    if matched.context is None:
        return NoEdit(CODE, step.layer, f"line {copy.number} copies them: no command can change that", ADVICE)
    result = exclude_copied(step, matched, layer, remover, matched.context)
    if isinstance(result, str):
        return NoEdit(CODE, step.layer, f"line {copy.number} copies them, and {result}", ADVICE)
    return result


def _list_deletions(step: EndedFiles, remover: Instruction) -> Iterator[tuple[int, list[int], tuple[str, ...]]]:
    """The plain commands that delete what the fact tells of: their places, the layers that it is of, and the paths."""
    for place, command in enumerate(read_script(remover)):
        paths = _find_deleted(command.text)
        layers = {folder.layer for folder in step.folders for path in paths if covers(path, folder.path)}
        if layers and len(step.folders) >= SHOWN_FOLDERS:  # of more folders, the small ones are not told
            layers = {origin.layer for origin in step.origins}
        if layers:
            yield place, sorted(layers), paths


def _find_only_maker(step: EndedFiles, matched: MatchedDockerfile, layers: list[int]) -> Instruction | NoEdit:
    """What makes what is deleted, the commands of a RUN understood; or why there is none such."""
    maker = find_maker(matched, layers[0])
    if isinstance(maker, str):
        return NoEdit(CODE, step.layer, maker)
    if len(layers) > 1:
        return NoEdit(CODE, step.layer, f"more steps than that of line {maker.number} make what is deleted")
    defect = find_shell_defect(matched, maker) if maker.keyword == "RUN" else ""
    return NoEdit(CODE, step.layer, defect) if defect else maker


def _find_hindrance(
    matched: MatchedDockerfile, maker: Instruction, remover: Instruction, place: int, paths: tuple[str, ...]
) -> str:
    """Why the command of that place cannot be run earlier; what only deletes before it is no use of anything."""
    if maker == remover:
        return f"line {maker.number} makes and deletes them"
    before = [command.text for command in read_script(remover)[:place] if not _find_deleted(command.text)]
    return find_shell_defect(matched, remover) or find_hindrance(matched, [maker], remover, paths, before)


def _move(
    step: EndedFiles, matched: MatchedDockerfile, remover: Instruction, moves: list[tuple[int, Instruction]]
) -> DockerfileEdit:
    commands = read_script(remover)
    lines = dict.fromkeys(str(maker.number) for _, maker in moves)
    where = f"line {next(iter(lines))}" if len(lines) == 1 else f"lines {' and '.join(lines)}"
    return DockerfileEdit(
        CODE,
        step.layer,
        f"Delete at the end of {where} what line {remover.number} deletes",
        Safety.REVIEW,
        spans=tuple(append_command(matched.dockerfile, maker, commands[place].text) for place, maker in moves),
        drops=tuple(Drop(remover.number, place) for place, _ in moves),
        lessens=True,
    )


def _join(matched: MatchedDockerfile, maker: Instruction, remover: Instruction) -> tuple[Span, ...]:
    """The RUNs from one to the other as one; none where something else stands between them."""
    runs = [maker, *matched.list_between(maker, remover), remover]
    everything = matched.dockerfile.instructions
    start = everything.index(maker)
    is_row = everything[start : start + len(runs)] == tuple(runs) and all(each.keyword == "RUN" for each in runs)
    is_row = is_row and not any(find_shell_defect(matched, each) for each in runs)
    if not is_row or not can_join(runs):
        return ()
    return tuple(join_runs(matched.dockerfile, first, second) for first, second in pairwise(runs))


def _find_deleted(command: str) -> tuple[str, ...]:
    """The absolute paths that a command deletes, wherever it is run; none of any other command."""
    if find_deletions(f"RUN {command}") != (command,):
        return ()
    words = shlex.split(command)
    operands = [word for word in words[1:] if not word.startswith("-")]
    if words[0] == "rm":
        return tuple(operands)
    return tuple(f"/{path}" for path in _CLEANED.get((words[0], operands[0]), ()))
