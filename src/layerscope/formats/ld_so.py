"""What glibc's dynamic loader has built in: the directories that it searches last, and what it takes `$LIB` for.

Distributions compile in their own: Debian its multiarch directories, most others `/lib64`. The loader keeps them as
texts one behind the other, each with a slash at its end (SYSTEM_DIRS in glibc's elf/dl-load.c).
"""

import re
from typing import Final

from msgspec import Struct

FOLDERS_LIMIT: Final = 16
"""Directories of one loader; glibc builds in two to four."""

_FOLDERS: Final = re.compile(rb"(?<![\w.+/-])(?:/[\w.+/-]{1,200}/\0){2,16}")
"""Begins where such a text begins: from each of its bytes on, one of a million slashes would take minutes."""

_LIB: Final = re.compile(rb"\0(lib(?:64|32|x32)?(?:/[\w-]{1,40}-linux-[\w-]{1,20})?)\0")


class BuiltInPaths(Struct, frozen=True):
    """Directories without the slash at their end, and the name that `$LIB` stands for (empty if not found)."""

    folders: tuple[str, ...]
    lib: str


def parse_ld_so(content: bytes) -> BuiltInPaths | None:
    """What the loader's bytes say; None where they hold no such list."""
    for match in _FOLDERS.finditer(content):
        folders = [part.rstrip(b"/").decode("ascii", "replace") for part in match.group().split(b"\0") if part]
        if any(re.search(r"/lib(?:64|32|x32)?(?:/|$)", folder) for folder in folders):
            distinct = tuple(dict.fromkeys(folders))[:FOLDERS_LIMIT]
            return BuiltInPaths(distinct, _find_lib(content, distinct))
    return None


def _find_lib(content: bytes, folders: tuple[str, ...]) -> str:
    """The longest text that both stands alone in the loader and is what follows the root in a directory of its."""
    names = {match.decode("ascii") for match in _LIB.findall(content)}
    return max((name for name in names if f"/{name}" in folders), key=len, default="")
