"""The suffix of an extension module's name, by which an interpreter picks the ones that it can load.

The list is `_PyImport_DynLoadFiletab` of https://github.com/python/cpython/blob/main/Python/dynload_shlib.c: the
interpreter's own SOABI, the stable ABI (not in builds without the global interpreter lock), and no tag at all.
"""

import re
from typing import Final

from msgspec import Struct

NAME_LIMIT: Final = 255
"""Characters of a file name: NAME_MAX of Linux."""

_CPYTHON: Final = re.compile(r"cpython-(\d)(\d{1,3})([a-z]*)(?:-(.+))?")
_PYPY: Final = re.compile(r"pypy(\d)(\d{1,3})-pp\d+(?:-(.+))?")


class ExtensionSuffix(Struct, frozen=True):
    """A module's name and its tag.

    `tag` is `cpython-311-x86_64-linux-gnu`, `abi3`, `abi3t` or empty. The rest is what the tag says: implementation,
    version (`3.11`), flags (`t` without the lock, `d` debug) and platform; all empty for `abi3` and without a tag.
    """

    module: str
    tag: str = ""
    implementation: str = ""
    version: str = ""
    flags: str = ""
    platform: str = ""


def parse_extension_suffix(name: str) -> ExtensionSuffix | None:
    """What the base name of a file says; None where it is no shared object, or has a tag that no Python gives."""
    if not name.endswith(".so") or len(name) > NAME_LIMIT:
        return None
    module, _, tag = name.removesuffix(".so").partition(".")
    if tag in {"", "abi3", "abi3t"}:
        return ExtensionSuffix(module, tag)
    if found := _CPYTHON.fullmatch(tag):
        major, minor, flags, platform = found.groups()
        return ExtensionSuffix(module, tag, "cpython", f"{major}.{minor}", flags, platform or "")
    if found := _PYPY.fullmatch(tag):
        major, minor, platform = found.groups()
        return ExtensionSuffix(module, tag, "pypy", f"{major}.{minor}", "", platform or "")
    return None
