"""The driver files that the NVIDIA runtime mounts into a container: never missing in an image, a trap when baked in."""

import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Final, Self

import msgspec

from layerscope.errors import PolicyError
from layerscope.policies.table import Row, Table, read_table

NAME: Final = "injected"

_VERSION: Final = re.compile(r"(\.so)(?:\.[0-9]+)+$")


class Capability(Row, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One driver capability with the libraries (named up to `.so`) and programs that come with it."""

    name: str
    libraries: tuple[str, ...]
    programs: tuple[str, ...]


class InjectedTable(Table, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The table as written."""

    capability: tuple[Capability, ...]


class InjectedFiles(msgspec.Struct, frozen=True, dict=True):
    """Look-ups by name."""

    table: InjectedTable

    @classmethod
    def read(cls, directory: Path | None = None) -> Self:
        """The table, its law checked: no capability and no file twice, names that the look-ups can meet."""
        table = read_table(NAME, InjectedTable, directory)
        names = [row.name for row in table.capability]
        files = [name for row in table.capability for name in (*row.libraries, *row.programs)]
        for what, listed in (("capability", names), ("file", files)):
            twice = sorted({name for name in listed if listed.count(name) > 1})
            if twice:
                raise PolicyError(f"reading the table {NAME}: the {what} {twice[0]!r} is there twice")
        for row in table.capability:
            odd = [name for name in row.libraries if not name.endswith(".so")]
            if odd:
                raise PolicyError(f"reading the table {NAME}: library {odd[0]!r}, expected a name that ends in .so")
        return cls(table)

    def find_capability(self, soname: str) -> str | None:
        """The driver capability that brings a library (`libcuda.so.1`, `libcuda.so`); None for all others."""
        return self._libraries.get(_VERSION.sub(r"\1", soname))

    def find_program_capability(self, name: str) -> str | None:
        """The driver capability that brings a program (`nvidia-smi`); None for all others."""
        return self._programs.get(name)

    @cached_property
    def _libraries(self) -> Mapping[str, str]:
        """Capabilities by library."""
        return {name: row.name for row in self.table.capability for name in row.libraries}

    @cached_property
    def _programs(self) -> Mapping[str, str]:
        """Capabilities by program."""
        return {name: row.name for row in self.table.capability for name in row.programs}
