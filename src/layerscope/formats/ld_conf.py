"""The configuration of ldconfig, `/etc/ld.so.conf`: directories and included files, as ldconfig(8) reads them.

The loader itself never opens it: what counts at run time is the cache that ldconfig made of it.
"""

from typing import Final

from msgspec import Struct

LINES_LIMIT: Final = 10_000
"""Lines of one file; those of distributions have five."""


class ConfLine(Struct, frozen=True):
    """One directory, or one pattern of files to include."""

    text: str
    is_include: bool = False


def parse_ld_conf(content: bytes) -> tuple[ConfLine, ...]:
    """Directories and includes in file order; comments, `hwcap` lines and libc5's `=TYPE` endings are left out."""
    found = []
    for raw in content.decode("utf-8", "surrogateescape").split("\n")[:LINES_LIMIT]:
        line = raw.partition("#")[0].strip(" \t\r\f\v\0")
        if not line:
            continue
        word, _, rest = line.replace("\t", " ").partition(" ")
        if word == "include":
            found += [ConfLine(pattern, is_include=True) for pattern in rest.split()]
        elif word != "hwcap" or not rest:
            found.append(ConfLine(_strip_type(line)))
    return tuple(found)


def _strip_type(line: str) -> str:
    """The directory without a trailing `=libc6`, and without the slashes at its end."""
    folder, equals, kind = line.rpartition("=")
    if equals and kind in {"libc4", "libc5", "libc6", "glibc2"}:
        line = folder.rstrip()
    return line.rstrip("/") or "/"
