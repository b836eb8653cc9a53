"""Which of the commands that delete files goes to the end of which step: the one that wrote them."""

import re
import shlex
from collections.abc import Iterator
from typing import Final

from layerscope.facts.layers.endings import EndedFiles
from layerscope.facts.layers.folders import SHOWN_FOLDERS
from layerscope.facts.layers.origins import Origin
from layerscope.rules.deletion_commands import covers, find_deletions, keep_operands
from layerscope.rules.ended_files import is_copied, quote_step
from layerscope.rules.wording import quote_copy

_VERBS: Final = frozenset({"autoclean", "autoremove", "clean", "del", "erase", "purge", "remove"})

SHOWN_STEPS: Final = 3
"""Steps that are told what to delete, those that bring most first; and one more where all of these copy."""


def iter_deletions(made: list[Origin], step: EndedFiles) -> Iterator[tuple[Origin, str]]:
    """What to do about the step that brings most, and about others of which it is known what is deleted of them.

    Of the steps that run a command, the first is told however much others copy: the deletion may be for it alone.
    """
    is_known = len(step.folders) < SHOWN_FOLDERS
    first = next((origin for origin in made if not is_copied(origin)), None)
    told = made[: SHOWN_STEPS if is_known else 1]
    if is_known and first is not None and first not in told:
        told = [*told, first]
    for origin in told:
        if is_copied(origin):
            copy = quote_copy(origin.instruction)
            yield origin, f"Copy less: narrow `{copy}`, or name what is deleted later in .dockerignore."
            continue
        maker = quote_step(origin.layer, origin.instruction)
        commands = _list_commands(origin, step, is_first=origin is first)
        if commands:
            yield origin, f"Move the deletion to the end of {maker}: && {' && '.join(commands)}"
        elif origin is first:
            yield origin, f"Delete them at the end of {maker}, joined by &&"


def _list_commands(origin: Origin, step: EndedFiles, *, is_first: bool) -> list[str]:
    """What deletes the files of one step; what cannot be told apart goes with those of the first."""
    commands = find_deletions(step.instruction)
    paths = {word for command in commands for word in shlex.split(command) if word.startswith("/")}
    makers = {path: {folder.layer for folder in step.folders if covers(path, folder.path)} for path in paths}
    if len(step.folders) >= SHOWN_FOLDERS or not any(makers.values()):
        return list(commands) if is_first else []
    own = {path for path, layers in makers.items() if origin.layer in layers}
    kept = []
    for command in commands:
        users = [] if command.startswith("rm ") else _find_users(command, step)
        if command.startswith("rm ") or origin.layer in users or (is_first and not users):
            kept.append(keep_operands(command, own))
    return [command for command in kept if command]


def _find_users(command: str, step: EndedFiles) -> list[int]:
    """The layers whose steps name the packages that a package manager's command removes."""
    packages = {word for word in shlex.split(command)[1:] if not word.startswith("-")} - _VERBS
    return [
        origin.layer
        for origin in step.origins
        if packages and packages <= set(re.split(r"[^\w.+:-]+", origin.instruction))
    ]
