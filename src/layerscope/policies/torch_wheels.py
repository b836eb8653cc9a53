"""TorchWheels: PyTorch releases, their builds by CUDA, and the GPU architectures that each build has."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from layerscope.errors import PolicyError
from layerscope.policies.table import Row, Table, parse_numbers, read_table

TABLE: Final = "torch_wheels"

_BUILD: Final = re.compile(r"cpu|cu(\d{2})(\d)|rocm[\d.]+|xpu")


class PypiRow(Row, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The x86-64 Linux wheel of a release on PyPI; an empty `sm` has not been measured."""

    version: str
    cuda: str
    python: tuple[str, ...]
    platform: tuple[str, ...]
    sm: tuple[int, ...]
    requires_python: str = ""
    cudnn: str = ""
    nccl: str = ""
    triton: str = ""
    sm_few: tuple[str, ...] = ()
    ptx: bool = False
    glibc: str = ""
    glibcxx: str = ""
    wheel_bytes: int = 0


class VariantsRow(Row, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The builds of a release, as download.pytorch.org/whl names them."""

    version: str
    builds: tuple[str, ...]


class BuildArchRow(Row, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The architectures of a build, over a range of releases, `2.8-2.11` or `2.12-`."""

    build: str
    releases: str
    sm: tuple[int, ...]
    ptx: bool

    @property
    def cuda(self) -> str:
        """The CUDA release in the build's name: `12.6` for `cu126`; empty for builds without CUDA."""
        match = _BUILD.fullmatch(self.build)
        return f"{match[1]}.{match[2]}" if match and match[1] else ""


class TorchWheelTable(Table, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The whole table."""

    pypi: tuple[PypiRow, ...]
    variants: tuple[VariantsRow, ...]
    build_arch: tuple[BuildArchRow, ...]


@dataclass(frozen=True)
class TorchWheels:
    """The table, asked."""

    table: TorchWheelTable

    def find_release(self, version: str) -> PypiRow | None:
        """The default wheel of a release; a local part, `+cu128`, is left out."""
        public = version.partition("+")[0]
        return next((row for row in self.table.pypi if row.version == public), None)

    def builds_with(self, arch: int) -> tuple[BuildArchRow, ...]:
        """The builds that hold machine code for an architecture, in the table's order."""
        return tuple(row for row in self.table.build_arch if arch in row.sm)


def read_torch_wheels(directory: Path | None = None) -> TorchWheels:
    """The table, checked; raises PolicyError where it contradicts itself."""
    table = read_table(TABLE, TorchWheelTable, directory)
    for name, versions in (
        ("pypi", [row.version for row in table.pypi]),
        ("variants", [row.version for row in table.variants]),
    ):
        numbers = [parse_numbers(version, what=f"{TABLE}: {name}") for version in versions]
        if numbers != sorted(set(numbers), reverse=True):
            raise PolicyError(f"reading {TABLE}: the releases of {name} do not descend")
    cudas = [parse_numbers(row.cuda, what=f"{TABLE}: cuda") for row in table.pypi]
    if cudas != sorted(cudas, reverse=True):
        raise PolicyError(f"reading {TABLE}: a newer release on PyPI has an older CUDA")
    for sm in (*(row.sm for row in table.pypi), *(row.sm for row in table.build_arch)):
        if list(sm) != sorted(set(sm)):
            raise PolicyError(f"reading {TABLE}: architectures do not ascend: {sm}")
    if odd := [row.build for row in table.build_arch if not row.cuda]:
        raise PolicyError(f"reading {TABLE}: the builds {odd} have architectures, expected CUDA in their names")
    builds = {build for row in table.variants for build in row.builds} | {row.build for row in table.build_arch}
    if strange := sorted(build for build in builds if not _BUILD.fullmatch(build)):
        raise PolicyError(f"reading {TABLE}: {strange} are no builds, expected cpu, cu126, rocm6.4 or xpu")
    return TorchWheels(table)
