"""The commands of a RUN instruction that only delete, so that advice can quote them and nothing else."""

import fnmatch
import re
import shlex
from collections.abc import Container
from typing import Final

_QUOTED: Final = r"'[^']*'|\"(?:[^\"\\]|\\.)*\""
_PIECE: Final = re.compile(rf"(?P<separator>&&|;)|{_QUOTED}|\\.|[^\\'\"]", re.DOTALL)
_PLAIN: Final = re.compile(r"[^$`|<>&(){}#\\!]+")
"""Whatever needs its surroundings is left out: variables, redirections, groups, comments."""

_CLEANERS: Final = frozenset(
    [
        *(
            (tool, verb)
            for tool in ("apt", "apt-get")
            for verb in ("autoclean", "autoremove", "clean", "purge", "remove")
        ),
        ("apk", "del"),
        *((tool, verb) for tool in ("dnf", "microdnf", "yum") for verb in ("autoremove", "clean", "erase", "remove")),
    ]
)
_CUT: Final = "…"
_REDACTED: Final = "***"


def find_deletions(instruction: str) -> tuple[str, ...]:
    """The plain `rm` of absolute paths and the clean-ups of package managers among a RUN's commands, as written."""
    if not instruction.startswith("RUN "):
        return ()
    commands = _split_commands(instruction.removeprefix("RUN "))
    if commands and instruction.endswith(_CUT):
        commands.pop()
    return tuple(command for command in commands if _PLAIN.fullmatch(command) and _deletes(command))


def covers(path: str, folder: str) -> bool:
    """Whether what a command deletes lies in a folder that a fact tells, perhaps files in it."""
    pattern, parts = path.strip("/").split("/"), folder.split("/")
    if not folder:
        return len(pattern) == 1
    shared = min(len(pattern), len(parts))
    return fnmatch.fnmatchcase("/".join(parts[:shared]), "/".join(pattern[:shared]))


def keep_operands(command: str, paths: Container[str]) -> str:
    """An `rm` of those of its paths alone, empty where none is left; as it is where one of its words is quoted."""
    words = shlex.split(command)
    if words[:1] != ["rm"]:
        return command
    kept = [word for word in words if not word.startswith("/") or word in paths]
    if not any(word.startswith("/") for word in kept):
        return ""
    return " ".join(kept) if words == command.split() else command


def _split_commands(script: str) -> list[str]:
    """The commands between `&&` and `;` outside of quotes; nothing where the quotes do not close."""
    commands, start, position = list[str](), 0, 0
    while position < len(script):
        piece = _PIECE.match(script, position)
        if piece is None:
            return []
        if piece["separator"]:
            commands.append(script[start:position].strip())
            start = piece.end()
        position = piece.end()
    return [*commands, script[start:].strip()]


def _deletes(command: str) -> bool:
    """Whether a command deletes, the same wherever it is run."""
    if _REDACTED in command:
        return False
    words = shlex.split(command)
    operands = [word for word in words[1:] if not word.startswith("-")]
    if words[:1] == ["rm"]:
        return bool(operands) and all(operand.startswith("/") for operand in operands)
    return bool(operands) and (words[0], operands[0]) in _CLEANERS
