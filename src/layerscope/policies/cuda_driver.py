"""CudaDrivers: which driver starts, serves and compiles for which CUDA, and which GPUs a driver knows.

Three questions that are easily mixed: whether a program starts at all (the floor of its CUDA's major version),
whether it has every feature (the driver that came with its toolkit), and whether its PTX can be compiled (the ISA
version).
https://docs.nvidia.com/deploy/cuda-compatibility/
"""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from layerscope.errors import UsageError
from layerscope.policies.cuda_driver_table import BranchRow, CudaDriverTable, ToolkitRow, check_table
from layerscope.policies.table import parse_numbers, read_table

TABLE: Final = "cuda_driver"

Version = tuple[int, ...]

_DRIVER: Final = re.compile(r"[Rr]?(\d{3})((?:\.\d{1,4}){0,3})")


@dataclass(frozen=True)
class CudaDrivers:
    """The table, asked. Versions go in and come out as text; `driver` and `isa` are numbers, from `parse_driver`."""

    table: CudaDriverTable

    def floor(self, cuda: str) -> str | None:
        """The oldest driver with which a program of that CUDA starts; None where it is not known.

        From CUDA 11 on this is that of the major version; before, each toolkit needs its own.
        """
        row = next((row for row in self.table.minor_floor if row.cuda_major == _numbers(cuda)[0]), None)
        if row is None:
            return None
        return row.min_driver if row.is_shared_by_minors else self.toolkit_driver(cuda) or row.min_driver

    def toolkit_driver(self, cuda: str) -> str | None:
        """The driver with all features of that toolkit: of `12.8` its first release, of `12.8.1` that very one."""
        wanted = _numbers(cuda)[:3]
        for length in range(len(wanted), 1, -1):
            rows = [row for row in self._toolkits if _numbers(row.cuda)[:length] == wanted[:length]]
            if rows:
                return rows[0].driver
        return None

    def oldest_driver(self, cuda: str) -> str | None:
        """The oldest driver that serves a CUDA version itself, without minor-version compatibility."""
        wanted = _numbers(cuda)[:2]
        branch = next((row for row in self.branches if _numbers(row.cuda) >= wanted), None)
        return None if branch is None else self.toolkit_driver(branch.cuda) or str(branch.branch)

    def cuda_of(self, driver: Version) -> str | None:
        """The CUDA version that a driver serves; of branches that are not listed, that of the one before."""
        rows = [row for row in self.branches if row.branch <= driver[0]]
        return rows[-1].cuda if rows else None

    def ptx_cuda(self, isa: Version) -> str | None:
        """The CUDA version from which on drivers compile PTX of that ISA version; None where it is newer than all."""
        return next((row.min_driver_cuda for row in self.table.ptx_isa if _numbers(row.ptx) >= isa), None)

    def ptx_driver(self, isa: Version) -> str | None:
        """The oldest driver that compiles PTX of that ISA version; None where that is not known."""
        cuda = self.ptx_cuda(isa)
        return None if cuda is None else self.oldest_driver(cuda)

    def compat_package(self, cuda: str, branch: int) -> str | None:
        """The package whose user-mode driver starts that CUDA on a host's branch; None where no note names the branch.

        A release's own package is named where its CUDA is known to its minor version: notes list the same branches
        for all releases of a major version, as long as NVIDIA maintains them.
        """
        wanted = _numbers(cuda)
        notes = [row for row in self.table.forward_compat_note if _numbers(row.cuda)[0] == wanted[0]]
        note = next((row for row in notes if branch in row.host_branches), None)
        if note is None:
            return None
        return "cuda-compat-" + "-".join(map(str, wanted[:2] if len(wanted) > 1 else _numbers(note.cuda)[:2]))

    def last_branch(self, capability: int) -> int | None:
        """The last driver branch that knows GPUs of that capability; None where branches still do."""
        return next((row.last_branch for row in self.table.arch_life if capability in row.cc), None)

    @cached_property
    def branches(self) -> tuple[BranchRow, ...]:
        """Driver branches, oldest first."""
        return self.table.branch

    @cached_property
    def _toolkits(self) -> tuple[ToolkitRow, ...]:
        return tuple(sorted(self.table.toolkit, key=lambda row: _numbers(row.cuda)))


def read_cuda_drivers(directory: Path | None = None) -> CudaDrivers:
    """The table, checked; raises PolicyError where it contradicts itself."""
    table = read_table(TABLE, CudaDriverTable, directory)
    check_table(table)
    return CudaDrivers(table)


def parse_driver(text: str) -> Version:
    """A driver version, `535.183.01`, or a branch, `R535`, as numbers; raises UsageError."""
    match = _DRIVER.fullmatch(text.strip())
    if match is None:
        raise UsageError(f"reading the driver version {text!r}: expected one like 535.183.01, or a branch like R535")
    return (int(match[1]), *(int(part) for part in match[2].split(".") if part))


def reaches(driver: Version, wanted: str) -> bool:
    """Whether a driver is at least `wanted`; a branch alone, `(535,)`, stands for its newest release."""
    floor = _numbers(wanted)
    return driver[0] >= floor[0] if len(driver) == 1 else driver >= floor


def _numbers(version: str) -> Version:
    return parse_numbers(version, what=f"the table {TABLE}")
