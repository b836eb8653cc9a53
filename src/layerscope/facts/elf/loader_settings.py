"""LoaderSettings: everything that decides what one dynamic loader of an image finds, beside the files themselves."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from msgspec import Struct

from layerscope.facts.elf.dynamic_tokens import Tokens

MACHINE_X86_64: Final = 62
MACHINE_AARCH64: Final = 183
MACHINE_386: Final = 3

CACHE_FLAGS: Final[Mapping[tuple[int, int], frozenset[int]]] = {
    (64, MACHINE_X86_64): frozenset({0x0303}),
    (32, MACHINE_X86_64): frozenset({0x0803}),
    (32, MACHINE_386): frozenset({0x0003, 0x0001}),
    (64, MACHINE_AARCH64): frozenset({0x0A03}),
    (32, 40): frozenset({0x0903, 0x0B03, 0x0003}),
    (64, 21): frozenset({0x0503, 0x0003}),
    (64, 22): frozenset({0x0403, 0x0003}),
    (64, 243): frozenset({0x1003, 0x0F03}),
    (64, 258): frozenset({0x1103, 0x1203}),
}
"""The cache's flags for libraries of a class and machine: FLAG_ELF_LIBC6 with the kind in the second byte.

https://sourceware.org/git/?p=glibc.git;a=blob;f=sysdeps/generic/ldconfig.h
"""


class LoaderKind(StrEnum):
    """Whose rules it follows."""

    GLIBC = "glibc"
    MUSL = "musl"


class CachedLibrary(Struct, frozen=True):
    """One candidate that the cache has for a name."""

    path: str
    flags: int
    hwcaps: str


@dataclass(frozen=True)
class LoaderSettings:
    """One loader: `interpreter` is its path as programs name it, `interpreter_path` the real one (None if missing).

    `library_path` holds the folders of LD_LIBRARY_PATH, relative ones joined to the working directory, tokens not yet
    expanded; `hwcaps` the `glibc-hwcaps` subdirectories that the CPU gets, best first.
    """

    kind: LoaderKind
    interpreter: str
    interpreter_path: str | None
    default_folders: tuple[str, ...]
    library_path: tuple[str, ...] = ()
    preload: tuple[str, ...] = ()
    cache: Mapping[str, tuple[CachedLibrary, ...]] = field(default_factory=dict)
    hwcaps: tuple[str, ...] = ()
    tokens: Tokens = field(default=Tokens("lib64", "x86_64"))
    working_directory: str = "/"
