"""The rows of the table `cuda_driver`, and the laws that they keep."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from layerscope.errors import PolicyError
from layerscope.policies.table import Row, Table, parse_numbers

_FIRST_SHARED: Final = 11
"""The first CUDA major whose minor versions share a floor."""


class ToolkitRow(Row, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A toolkit release and the driver that comes with it; `confirmed` where NVIDIA's own notes were read."""

    cuda: str
    driver: str
    confirmed: bool


class MinorFloorRow(Row, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The oldest driver with which programs of a CUDA major version start."""

    cuda_major: int
    min_driver: str
    note: str

    @property
    def is_shared_by_minors(self) -> bool:
        """Whether all minor versions start with it."""
        return self.cuda_major >= _FIRST_SHARED


class BranchRow(Row, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A driver branch, the CUDA version that it serves, and the capabilities that it knows."""

    branch: int
    cuda: str
    kind: str
    cc_min: int
    cc_max_known: int
    eol: str = ""


class ArchLifeRow(Row, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """When an architecture came, and with which CUDA major version and driver branch it goes."""

    arch: str
    cc: tuple[int, ...]
    first_cuda: str
    last_cuda_major: int | None = None
    last_branch: int | None = None
    open_module: bool


class PtxIsaRow(Row, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A PTX ISA version, and the CUDA version from which on drivers compile it."""

    ptx: str
    min_driver_cuda: str


class ForwardCompatRow(Row, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The package with a newer user-mode driver, where it lies, and which GPUs may use it."""

    package: str
    path: str
    gpus: tuple[str, ...]
    fails_with: tuple[int, ...]


class ForwardCompatNoteRow(Row, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What such a driver's note says: the branches of the host's driver that it works with."""

    compat_driver: str
    cuda: str
    host_branches: tuple[int, ...]
    device_classes: tuple[int, ...]


class CudaDriverTable(Table, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The whole table."""

    toolkit: tuple[ToolkitRow, ...]
    minor_floor: tuple[MinorFloorRow, ...]
    branch: tuple[BranchRow, ...]
    arch_life: tuple[ArchLifeRow, ...]
    ptx_isa: tuple[PtxIsaRow, ...]
    forward_compat: tuple[ForwardCompatRow, ...]
    forward_compat_note: tuple[ForwardCompatNoteRow, ...]


def check_table(table: CudaDriverTable) -> None:
    """Raise PolicyError where a newer row allows what an older one does not, or two rows contradict each other."""
    toolkits = sorted(table.toolkit, key=lambda row: _numbers(row.cuda))
    _ascend("toolkit", [row.cuda for row in toolkits], strictly=True)
    _ascend("the drivers of newer toolkits", [row.driver for row in toolkits])
    floors = sorted(table.minor_floor, key=lambda row: row.cuda_major)
    _ascend("the floors of newer CUDA majors", [row.min_driver for row in floors], strictly=True)
    _ascend("branch", [str(row.branch) for row in table.branch], strictly=True)
    _ascend("the CUDA of newer branches", [row.cuda for row in table.branch], strictly=True)
    _ascend("the lowest capability of newer branches", [str(row.cc_min) for row in table.branch])
    _ascend("the highest capability of newer branches", [str(row.cc_max_known) for row in table.branch])
    _ascend("ptx_isa", [row.ptx for row in table.ptx_isa], strictly=True)
    _ascend("the CUDA of newer PTX", [row.min_driver_cuda for row in table.ptx_isa], strictly=True)
    _check_branches(table, toolkits)
    _check_lives(table)


def _check_branches(table: CudaDriverTable, toolkits: Sequence[ToolkitRow]) -> None:
    """A toolkit comes with a driver of the branch that serves its CUDA, and a major's floor is of its first branch."""
    served = {row.branch: row.cuda for row in table.branch}
    for row in toolkits:
        cuda = served.get(_numbers(row.driver)[0])
        if cuda is not None and _numbers(cuda) != _numbers(row.cuda)[:2]:
            raise PolicyError(
                f"reading cuda_driver: CUDA {row.cuda} comes with {row.driver}, whose branch serves {cuda}"
            )
    for floor in table.minor_floor:
        first = next((row for row in toolkits if _numbers(row.cuda)[0] == floor.cuda_major), None)
        if first is None or _numbers(first.driver)[0] != _numbers(floor.min_driver)[0]:
            raise PolicyError(
                f"reading cuda_driver: the floor {floor.min_driver} is not of CUDA {floor.cuda_major}.0's branch"
            )
    for note in table.forward_compat_note:
        if list(note.host_branches) != sorted(set(note.host_branches)):
            raise PolicyError(f"reading cuda_driver: the host branches of {note.compat_driver} do not ascend")


def _check_lives(table: CudaDriverTable) -> None:
    """A capability lives once, and no later branch knows one that is gone."""
    seen: set[int] = set()
    for row in table.arch_life:
        if seen & set(row.cc):
            raise PolicyError(f"reading cuda_driver: {sorted(seen & set(row.cc))} live twice")
        seen |= set(row.cc)
        if (row.last_branch is None) != (row.last_cuda_major is None):
            raise PolicyError(f"reading cuda_driver: {row.arch} ends for drivers or for toolkits, expected both")
        later = [branch.branch for branch in table.branch if branch.branch > (row.last_branch or branch.branch)]
        early = [branch for branch in table.branch if branch.branch in later and branch.cc_min <= max(row.cc)]
        if early:
            raise PolicyError(
                f"reading cuda_driver: {row.arch} ends with {row.last_branch}, {early[0].branch} knows it"
            )


def _ascend(what: str, versions: Sequence[str], *, strictly: bool = False) -> None:
    for before, after in pairwise(versions):
        if _numbers(after) < _numbers(before) or (strictly and _numbers(after) == _numbers(before)):
            raise PolicyError(f"reading cuda_driver: {what}: {after} follows {before}, expected an ascent")


def _numbers(version: str) -> tuple[int, ...]:
    return parse_numbers(version, what="the table cuda_driver")
