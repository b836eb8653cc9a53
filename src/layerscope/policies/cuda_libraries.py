"""CudaLibraries: what a program can do with a library's device code, and cannot without."""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Final

from layerscope.errors import PolicyError
from layerscope.policies.table import Row, Table, read_table

TABLE: Final = "cuda_libraries"

_STEM: Final = re.compile(r"(.+?)(?:-[0-9a-f]{8})?(?:\.(?:cpython|abi3)[^/]*)?\.so(?:\.\d+)*")
"""A library's name up to its suffix, without the hash that auditwheel adds."""


class LibraryRole(StrEnum):
    """How much hangs on a library."""

    CORE = "core"
    """A framework computes nothing without it."""
    PART = "part"
    """A program misses what it gives."""
    CHOSEN = "chosen"
    """A program uses it on some GPUs and something else on others: that it lacks one is normal."""
    STUB = "stub"
    """It has no kernels of its own, whatever its device code says."""


class LibraryRow(Row, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A library by its name without suffix; `gives` completes "without it, there is no ..."."""

    name: str
    role: LibraryRole
    gives: str
    framework: str = ""
    from_capability: int = 0
    """The first compute capability whose hardware can do what the library is for (80 is 8.0)."""


class CudaLibraryTable(Table, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The whole table."""

    library: tuple[LibraryRow, ...]


@dataclass(frozen=True)
class CudaLibraries:
    """The table, asked."""

    table: CudaLibraryTable

    def find(self, file_name: str) -> LibraryRow | None:
        """The row of `libcublas.so.12`, `libcusparseLt-f80c68d1.so.0` or `xla_cuda_plugin.so`."""
        match = _STEM.fullmatch(file_name)
        return self._by_name.get(match[1]) if match else None

    @cached_property
    def _by_name(self) -> dict[str, LibraryRow]:
        return {row.name: row for row in self.table.library}


def read_cuda_libraries(directory: Path | None = None) -> CudaLibraries:
    """The table, checked; raises PolicyError where a library has two rows, or a core no framework."""
    table = read_table(TABLE, CudaLibraryTable, directory)
    names = [row.name for row in table.library]
    if names != sorted(set(names)):
        raise PolicyError(f"reading {TABLE}: the names do not ascend, or one is there twice")
    for row in table.library:
        if row.role is LibraryRole.CORE and not row.framework:
            raise PolicyError(f"reading {TABLE}: {row.name} is the core of no framework")
    return CudaLibraries(table)
