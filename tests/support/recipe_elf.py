"""ELF objects in recipes: `elf = { soname = "libx.so.1", device_code = ["sm_80", "compute_90@8.0"] }`."""

import re
from typing import Final

import msgspec

from layerscope.formats.elf_object import NeededVersion, UndefinedSymbol
from support.elf_writer import EXECUTABLE, SHARED, ElfPlan, write_elf
from support.fatbinary_writer import Entry, ptx, sass, write_container

TARGET: Final = re.compile(r"(sm|compute)_(\d+)([af]?)(?:@(\d+)\.(\d+))?")
"""A target of device code; PTX names its ISA version after the `@`."""
CODE: Final = "device code and much else "


class ElfTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a recipe may say of an object; the rest is as `ElfPlan` has it."""

    soname: str | None = None
    needed: tuple[str, ...] = ()
    rpath: str | None = None
    runpath: str | None = None
    interpreter: str | None = None
    requires: tuple[str, ...] = ()
    """Symbol versions, as `libc.so.6:GLIBC_2.28`."""
    provides: tuple[str, ...] = ()
    undefined: tuple[str, ...] = ()
    exports: tuple[str, ...] = ()
    stack: str = "rw"
    """`rw`, `rwx`, or `none` for no PT_GNU_STACK at all."""
    machine: int = 62
    executable: bool = False
    device_code: tuple[str, ...] = ()
    """What each container holds."""
    containers: int = 1
    padding: int = 64
    """Bytes of code."""
    truncate: int = 0
    """Bytes cut off at the end."""


def write_elf_table(table: ElfTable) -> bytes:
    """The file's bytes."""
    container = write_container([_entry(target) for target in table.device_code])
    versions = tuple(
        NeededVersion(library, version) for library, version in (each.split(":") for each in table.requires)
    )
    stack = {"rw": 6, "rwx": 7, "none": None}[table.stack]
    plan = ElfPlan(
        machine=table.machine,
        type=EXECUTABLE if table.executable else SHARED,
        interpreter=table.interpreter,
        soname=table.soname,
        needed=table.needed,
        rpath=table.rpath,
        runpath=table.runpath,
        required_versions=versions,
        provided_versions=table.provides,
        undefined=tuple(map(UndefinedSymbol, table.undefined)),
        exports=table.exports,
        stack_flags=stack,
        sections={".nv_fatbin": container * table.containers} if table.device_code else {},
        code=(CODE * (table.padding // len(CODE) + 1))[: table.padding].encode(),
    )
    content = write_elf(plan)
    return content[: len(content) - table.truncate]


def _entry(text: str) -> Entry:
    match = TARGET.fullmatch(text)
    if match is None:
        raise ValueError(f"device code for {text!r}: expected sm_NN or compute_NN@X.Y")
    arch = int(match[2])
    if match[1] == "sm":
        return sass(arch, match[3])
    return ptx(arch, (int(match[4] or 8), int(match[5] or 0)), match[3])
