"""LAY101: what a later step deletes is deleted in the step that makes it."""

import fnmatch
import shlex
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.endings import EndedFiles
from layerscope.fixes.dockerfile.edit import DockerfileEdit, Drop, NoEdit, Span
from layerscope.fixes.dockerfile.edits.context_excludes import propose_exclusion
from layerscope.fixes.dockerfile.matching import MatchedDockerfile
from layerscope.fixes.dockerfile.moving import can_join, find_hindrance, find_maker, find_shell_defect
from layerscope.fixes.dockerfile.scripts import append_command, join_runs, read_script
from layerscope.formats.dockerfile import Instruction
from layerscope.rules.deletion_commands import find_deletions
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Safety

CODE: Final = "LAY101"

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
    """An edit, or why there is none, for each finding that has a fix."""
    ended = {fact.layer: fact for fact in facts.of(EndedFiles) if fact.ending == "removed"}
    for finding in findings:
        layer = finding.locations[0].layer
        if finding.code == CODE and finding.fixes and layer in ended:
            yield _edit(ended[layer], matched)


def _edit(step: EndedFiles, matched: MatchedDockerfile) -> DockerfileEdit | NoEdit:
    """Move the commands that delete to the only step that makes what they delete."""
    remover = find_maker(matched, step.layer)
    if isinstance(remover, str):
        return NoEdit(CODE, step.layer, remover)
    makers = [find_maker(matched, origin.layer) for origin in step.origins]
    maker = makers[0]
    if isinstance(maker, str):
        return NoEdit(CODE, step.layer, maker)
    if maker.keyword != "RUN":
        reason = f"line {maker.number} copies them: no command can change that"
        return NoEdit(CODE, step.layer, reason, propose_exclusion(maker, step))
    if any(other != maker for other in makers):
        return NoEdit(CODE, step.layer, f"more steps than that of line {maker.number} make what is deleted")
    if defect := find_shell_defect(matched, maker) or find_shell_defect(matched, remover):
        return NoEdit(CODE, step.layer, defect)
    return _move(step, matched, maker, remover)


def _move(
    step: EndedFiles, matched: MatchedDockerfile, maker: Instruction, remover: Instruction
) -> DockerfileEdit | NoEdit:
    commands = read_script(remover)
    moved = {
        place: paths
        for place, command in enumerate(commands)
        if (paths := _find_deleted(command.text)) and any(_covers(path, step) for path in paths)
    }
    if not moved:
        reason = f"no command of line {remover.number} deletes them by absolute paths"
        return NoEdit(CODE, step.layer, reason)
    if maker == remover:
        return NoEdit(CODE, step.layer, f"line {maker.number} makes and deletes them")
    hindrance = find_hindrance(matched, maker, remover, [path for paths in moved.values() for path in paths])
    if hindrance:
        joined = _join(matched, maker, remover)
        if not joined:
            return NoEdit(CODE, step.layer, hindrance)
        title = f"Join lines {maker.number} to {remover.end}, so that no layer keeps what the last one deletes"
        return DockerfileEdit(CODE, step.layer, title, Safety.REVIEW, spans=joined)
    return DockerfileEdit(
        CODE,
        step.layer,
        f"Delete at the end of line {maker.number} what line {remover.number} deletes",
        Safety.REVIEW,
        spans=tuple(append_command(matched.dockerfile, maker, commands[place].text) for place in sorted(moved)),
        drops=tuple(Drop(remover.number, place) for place in sorted(moved)),
    )


def _join(matched: MatchedDockerfile, maker: Instruction, remover: Instruction) -> tuple[Span, ...]:
    """The RUNs from one to the other as one; none where something else stands between them."""
    runs = [maker, *matched.list_between(maker, remover), remover]
    is_row = all(each.keyword == "RUN" and not find_shell_defect(matched, each) for each in runs)
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


def _covers(path: str, step: EndedFiles) -> bool:
    """Whether what is deleted lies there; the fact tells folders, a command perhaps files in them."""
    pattern = path.strip("/")
    depth = len(pattern.split("/"))
    return any(
        fnmatch.fnmatchcase("/".join(folder.path.split("/")[:depth]), pattern)
        or fnmatch.fnmatchcase(folder.path, "/".join(pattern.split("/")[: len(folder.path.split("/"))]))
        for folder in step.folders
    )
