"""What the layer pass keeps of scripts: their first line, and what entry scripts hand over to."""

import re
from dataclasses import dataclass, field
from typing import Final

from layerscope.facts.system.commands import base_name, find_exec_commands, is_python
from layerscope.formats.shebang import LINE_LIMIT, MAGIC, first_line, parse_shebang
from layerscope.layers.extractor import Wants

ENTRY_SCRIPT_LIMIT: Final = 16384
"""Bytes of an entry script that are looked at for what it runs in the end."""

COMMANDS_LIMIT: Final = 20
"""Commands kept of one entry script."""

_SHEBANG: Final = MAGIC.encode()
_ANY_EXECUTE: Final = 0o111
_PROGRAM_FOLDERS: Final = frozenset({"bin", "sbin"})
_ENTRY_WORDS: Final = (
    "entry", "start", "run", "launch", "serve", "boot", "init", "cmd", "main", "app", "api", "worker",
)  # fmt: skip


@dataclass(frozen=True)
class ScriptExtractor:
    """Keeps the first line of each file that may be run as a script; empty for an executable `.sh` without shebang."""

    name: str = "scripts"
    version: int = 1
    wants: Wants = field(
        default=Wants(magics=frozenset({_SHEBANG}), suffixes=frozenset({".sh"}), limit=LINE_LIMIT),
    )

    def extract(self, path: str, content: bytes, *, size: int, mode: int) -> object:
        """The first line, carriage return kept."""
        del size
        if not mode & _ANY_EXECUTE and path.rpartition("/")[0].rpartition("/")[2] not in _PROGRAM_FOLDERS:
            return None
        return first_line(content) if content.startswith(_SHEBANG) else ""


@dataclass(frozen=True)
class EntryScriptExtractor:
    """Keeps which programs a shell script named like an entry point hands over to: names and switches, no arguments."""

    name: str = "entry-scripts"
    version: int = 1
    wants: Wants = field(default=Wants(magics=frozenset({_SHEBANG}), limit=ENTRY_SCRIPT_LIMIT))

    def extract(self, path: str, content: bytes, *, size: int, mode: int) -> object:
        """The programs, each with the `-u` that follows it, and the variables that matter to them."""
        del size, mode
        name = base_name(path).lower()
        if not any(word in name for word in _ENTRY_WORDS) or not _is_shell_script(content):
            return None
        text = content.decode("utf-8", "replace")
        commands = [_reduce(words) for words in find_exec_commands(text)[:COMMANDS_LIMIT]]
        return {"commands": commands, "unbuffered": "PYTHONUNBUFFERED=" in text}


def _is_shell_script(content: bytes) -> bool:
    """Whether the first line names a shell."""
    shebang = parse_shebang(first_line(content))
    return shebang is not None and base_name(shebang.program).endswith("sh")


def _reduce(words: list[str]) -> list[str]:
    """The program and, of a Python interpreter, its switches: arguments may be secret and are not kept."""
    switches = []
    if is_python(words[0]):
        for word in words[1:]:
            if not re.fullmatch(r"-[A-Za-z]{1,8}", word):
                break
            switches.append(word)
    return [words[0][:LINE_LIMIT], *switches]
