"""Whether a command can be run earlier, at the end of the RUN that made what it changes."""

import re
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Final

from layerscope.fixes.dockerfile.matching import MatchedDockerfile
from layerscope.fixes.dockerfile.scripts import read_script
from layerscope.formats.dockerfile import Instruction

_SHELLS: Final = frozenset({"sh", "bash", "ash", "dash", "zsh", "ksh"})
_PATH: Final = re.compile(r"/[\w.@%+,*?\[\]~-]+(?:/[\w.@%+,*?\[\]~-]*)*")
_GLOB: Final = re.compile(r"/?[^/]*[*?\[].*")
_CHANGES_SHELL: Final = re.compile(
    r"(?:cd|export|set|source|\.|umask|trap|alias|unset|shopt|eval)(?:\s|$)|\w+=\S*(?:\s*$)"
)
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


def find_shell_defect(matched: MatchedDockerfile, instruction: Instruction) -> str:
    """Why a RUN's text is not understood; empty where it is."""
    if not read_script(instruction):
        return f"the commands of line {instruction.number} are not a plain list joined by && and ;"
    shells = [
        each.words or ("?",)
        for each in matched.instructions
        if each.keyword == "SHELL" and each.number < instruction.number
    ]
    if shells and shells[-1][0].rpartition("/")[2] not in _SHELLS:
        return f"line {instruction.number} is run by {shells[-1][0]}, which is no POSIX shell"
    return ""


def find_hindrance(matched: MatchedDockerfile, maker: Instruction, mover: Instruction, paths: Iterable[str]) -> str:
    """Why what is done to these paths cannot be done earlier, at the end of `maker`; empty where it can."""
    between = matched.list_between(maker, mover)
    for each in between:
        if each.keyword in {"USER", "SHELL"}:
            return f"line {each.number} changes the {each.keyword} in between"
        if each.keyword in _USERS and (path := next((path for path in paths if _uses(each, path)), None)):
            return f"line {each.number} may use {path} in between"
    return ""


def can_join(runs: list[Instruction]) -> bool:
    """Whether these RUNs, one behind another, do the same as one: none changes what the next one starts with."""
    scripts = [read_script(each) for each in runs]
    return (
        all(scripts)
        and len({each.flags for each in runs}) == 1
        and not any(_CHANGES_SHELL.match(command.text) for script in scripts[:-1] for command in script)
    )


def _uses(instruction: Instruction, path: str) -> bool:
    """Whether a step may read or write a path: it names it, what lies in it, where it lies, or a file of its name."""
    place = PurePosixPath(_GLOB.sub("", path) or "/")
    text = " ".join((instruction.operands, *(document.content for document in instruction.documents)))
    for word in _PATH.findall(text):
        other = PurePosixPath(_GLOB.sub("", word) or "/")
        if other == place or other in place.parents or place in other.parents:
            return True
    return len(place.name) >= SHORTEST_NAME and place.name in text
