"""The loaders' search as this image configures it: LoaderSettings for every ELF interpreter."""

import re
from typing import Final

from msgspec import Struct

from layerscope.facts.context import FactContext
from layerscope.facts.elf.dynamic_tokens import Tokens
from layerscope.facts.elf.loader_files import (
    find_built_in_paths,
    find_loader_cache,
    find_musl_folders,
    find_preload_file,
)
from layerscope.facts.elf.loader_settings import (
    MACHINE_386,
    MACHINE_AARCH64,
    MACHINE_X86_64,
    LoaderKind,
    LoaderSettings,
)
from layerscope.formats.ld_preload import split_preload

CPU_LEVEL: Final = 3
"""The x86-64 level whose `glibc-hwcaps` libraries are taken: every GPU host of the last ten years has AVX2, and level 4
picks other copies of the same libraries at most."""

MUSL_FOLDERS: Final = ("/lib", "/usr/local/lib", "/usr/lib")
"""What musl searches without a file of its own (ldso/dynlink.c)."""

PART_LIMIT: Final = 1000
"""Parts of LD_LIBRARY_PATH; a shell's command line ends long before."""

_PLATFORMS: Final = {MACHINE_X86_64: "x86_64", MACHINE_AARCH64: "aarch64", MACHINE_386: "i686"}
_TRIPLETS: Final = {
    MACHINE_X86_64: "x86_64-linux-gnu", MACHINE_AARCH64: "aarch64-linux-gnu", MACHINE_386: "i386-linux-gnu",
    40: "arm-linux-gnueabihf", 21: "powerpc64le-linux-gnu", 22: "s390x-linux-gnu", 243: "riscv64-linux-gnu",
}  # fmt: skip
_HWCAPS: Final = {MACHINE_X86_64: ("x86-64-v4", "x86-64-v3", "x86-64-v2")}

USUAL_LOADERS: Final = {
    (64, MACHINE_X86_64): "/lib64/ld-linux-x86-64.so.2",
    (64, MACHINE_AARCH64): "/lib/ld-linux-aarch64.so.1",
    (32, MACHINE_386): "/lib/ld-linux.so.2",
}
"""glibc's loader by class and machine: what a shared object gets whose program is not known."""


class LibraryPathPart(Struct, frozen=True):
    """One part of LD_LIBRARY_PATH: as written, and as a folder from the root."""

    text: str
    folder: str


def find_library_path(context: FactContext) -> tuple[LibraryPathPart, ...]:
    """The parts of the config's LD_LIBRARY_PATH in order; an empty one is the working directory (ld.so(8))."""
    value = find_variable(context, "LD_LIBRARY_PATH")
    if not value:
        return ()
    folder = working_directory(context)
    parts = re.split("[:;]", value)[:PART_LIMIT]
    return tuple(LibraryPathPart(part, _join(folder, part)) for part in parts)


def find_preloads(context: FactContext) -> tuple[tuple[str, str], ...]:
    """Every name that is loaded before a program's own needs, with what names it."""
    variable = split_preload(find_variable(context, "LD_PRELOAD") or "")
    listed = find_preload_file(context)
    return (*((name, "LD_PRELOAD") for name in variable), *((name, "/etc/ld.so.preload") for name in listed))


def find_variable(context: FactContext, name: str) -> str | None:
    """A variable of the config's environment; of equal names the last counts."""
    values = [entry.partition("=")[2] for entry in context.image.config.runtime.env if entry.startswith(f"{name}=")]
    return values[-1] if values else None


def working_directory(context: FactContext) -> str:
    """The folder that programs start in."""
    return "/" + context.image.config.runtime.working_dir.strip("/")


def find_settings(
    context: FactContext, interpreter: str, *, bits: int, machine: int, cpu_level: int = CPU_LEVEL
) -> LoaderSettings:
    """The settings of the loader that programs of a class and machine name as their ELF interpreter."""
    node = context.tree.resolve(interpreter)
    kind = LoaderKind.MUSL if "ld-musl" in interpreter else LoaderKind.GLIBC
    folders, lib = _built_in(context, interpreter, kind, bits, machine)
    preloads = [name for name, origin in find_preloads(context) if kind is LoaderKind.GLIBC or origin == "LD_PRELOAD"]
    parts = find_library_path(context)
    cache = context.shared(find_loader_cache) if kind is LoaderKind.GLIBC else None
    return LoaderSettings(
        kind=kind,
        interpreter=interpreter,
        interpreter_path=None if node is None else node.path,
        default_folders=folders,
        library_path=tuple(part.folder for part in parts if part.text or kind is LoaderKind.GLIBC),
        preload=tuple(preloads),
        cache={} if cache is None else cache.libraries,
        hwcaps=_find_hwcaps(machine, cpu_level) if kind is LoaderKind.GLIBC else (),
        tokens=Tokens(lib, _PLATFORMS.get(machine, "")),
        working_directory=working_directory(context),
    )


def _built_in(
    context: FactContext, interpreter: str, kind: LoaderKind, bits: int, machine: int
) -> tuple[tuple[str, ...], str]:
    """The default folders and what `$LIB` stands for: the loader's own words, else the distribution's layout."""
    lib = "lib64" if bits == 64 and machine in {MACHINE_X86_64, 21, 22} else "lib"  # noqa: PLR2004 - 64 bits
    if kind is LoaderKind.MUSL:
        folders = find_musl_folders(context)
        return MUSL_FOLDERS if folders is None else folders, "lib"
    triplet = _TRIPLETS.get(machine, "")
    layout: tuple[str, ...] = (f"/{lib}", f"/usr/{lib}")
    if triplet and context.tree.resolve(f"usr/lib/{triplet}") is not None:
        layout = (f"/lib/{triplet}", f"/usr/lib/{triplet}", "/lib", "/usr/lib")
        lib = f"lib/{triplet}"
    found = find_built_in_paths(context, interpreter)
    return (layout, lib) if found is None else (found.folders, found.lib or lib)


def _find_hwcaps(machine: int, level: int) -> tuple[str, ...]:
    """The subdirectories that a CPU of that level gets, best first."""
    return tuple(name for name in _HWCAPS.get(machine, ()) if int(name[-1]) <= level)


def _join(folder: str, part: str) -> str:
    """A part as a folder from the root; tokens stay, since they stand for absolute folders."""
    return part if part.startswith(("/", "$")) else f"{folder.rstrip('/')}/{part}".rstrip("/") or "/"
