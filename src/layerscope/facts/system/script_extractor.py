"""What the layer pass keeps of scripts: their first line, and what entry scripts hand over to."""

from dataclasses import dataclass, field
from typing import Final

import msgspec

from layerscope.facts.system.commands import base_name
from layerscope.facts.system.entry_script import read_entry_script
from layerscope.formats.shebang import LINE_LIMIT, MAGIC, first_line, parse_shebang
from layerscope.formats.shell_script import SCRIPT_LIMIT
from layerscope.layers.extractor import Wants

_SHEBANG: Final = MAGIC.encode()
_ANY_EXECUTE: Final = 0o111
_PROGRAM_FOLDERS: Final = frozenset({"bin", "sbin"})
_ENTRY_WORDS: Final = (
    "entry", "start", "run", "launch", "serve", "boot", "init", "cmd", "main", "app", "api", "worker",
)  # fmt: skip
_OWN_FOLDERS: Final = frozenset({"", "app", "opt", "srv", "workspace", "usr/local/bin", "scripts", "docker"})
_SYSTEM_FOLDERS: Final = (
    "bin/", "boot/", "dev/", "etc/", "lib/", "lib64/", "proc/", "run/", "sbin/", "sys/", "tmp/", "usr/", "var/",
    "opt/conda/", "opt/nvidia/nsight",
)  # fmt: skip
_SYSTEM_LIMIT: Final = 4096
"""Bytes of a script in those folders that is read in any case: a few long ones would take half of the time."""

_OWN_DEPTH: Final = 3
"""Folders above a script of an image's own; those of sources that lie in it are deeper."""


@dataclass(frozen=True)
class ScriptExtractor:
    """Keeps the first line of each file that may be run as a script; empty for an executable `.sh` without shebang.

    Of others, only a line that ends in a carriage return is kept: a script that is to be run may lack the permission.
    """

    name: str = "scripts"
    version: int = 2
    wants: Wants = field(
        default=Wants(magics=frozenset({_SHEBANG}), suffixes=frozenset({".sh"}), limit=LINE_LIMIT),
    )

    def extract(self, path: str, content: bytes, *, size: int, mode: int) -> object:
        """The first line, carriage return kept."""
        del size
        line = first_line(content) if content.startswith(_SHEBANG) else ""
        return line if may_be_run(path, mode) or line.endswith("\r") else None


@dataclass(frozen=True)
class EntryScriptExtractor:
    """Keeps what a shell script that an image may start hands over to, as far as `keep_words` lets words pass."""

    name: str = "entry-scripts"
    version: int = 7
    wants: Wants = field(
        default=Wants(magics=frozenset({_SHEBANG}), suffixes=frozenset({".sh"}), limit=SCRIPT_LIMIT),
    )

    def extract(self, path: str, content: bytes, *, size: int, mode: int) -> object:
        """The programs, each with the words that may be kept, and the variables that matter to them."""
        del size, mode
        if not may_be_entry(path) or not is_shell_script(content) or is_of_the_system(path, content):
            return None
        return msgspec.to_builtins(read_entry_script(content))


def may_be_run(path: str, mode: int) -> bool:
    """Whether a file is executable, or lies where programs do and may become it."""
    return bool(mode & _ANY_EXECUTE) or path.rpartition("/")[0].rpartition("/")[2] in _PROGRAM_FOLDERS


def may_be_entry(path: str) -> bool:
    """Whether a script has a name or a place of those that images start; a system's own have neither."""
    folder, _, name = path.rpartition("/")
    if any(word in name.lower() for word in _ENTRY_WORDS) or folder in _OWN_FOLDERS:
        return True
    return name.endswith(".sh") and not path.startswith(_SYSTEM_FOLDERS) and path.count("/") <= _OWN_DEPTH


def is_of_the_system(path: str, content: bytes) -> bool:
    """Whether a script is long, lies where a system has its own, and becomes no other program."""
    return path.startswith(_SYSTEM_FOLDERS) and len(content) > _SYSTEM_LIMIT and b"exec " not in content


def is_shell_script(content: bytes) -> bool:
    """Whether the first line names a shell, or nothing, as in a script that is given to one."""
    if not content.startswith(_SHEBANG):
        return True
    shebang = parse_shebang(first_line(content))
    return shebang is not None and base_name(shebang.program).endswith("sh")
