"""GpuArchitectures: GPU models with their compute capability, and which device code runs on which capability.

A capability is a number without a dot, as compilers write it: 86 is 8.6, 120 is 12.0.
"""

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Final

from msgspec import Struct

from layerscope.errors import PolicyError
from layerscope.policies.gpu_names import normalise_model
from layerscope.policies.table import Row, Table, parse_numbers, read_table

TABLE: Final = "gpu_arch"

_FAMILY: Final = "f"
_ALONE: Final = "a"


class GpuRow(Row, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The models of one compute capability; `common` ones are judged when nobody names a GPU."""

    cc: int
    arch: str
    models: tuple[str, ...]
    data_center: tuple[str, ...] = ()
    common: tuple[str, ...] = ()
    is_tegra: bool = False


class ToolkitArchRow(Row, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The architectures that toolkits from `since` on compile for."""

    since: str
    sm: tuple[int, ...]


class FamilyRow(Row, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The capabilities that code for `arch` with the suffix `f` runs on."""

    arch: int
    members: tuple[int, ...]


class RenamedRow(Row, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An architecture that later toolkits call otherwise."""

    before: int
    after: int


class HostRow(Row, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Models whose hosts all have one kind of processor, named as platforms name it: `arm64`."""

    architecture: str
    models: tuple[str, ...]


class GpuArchTable(Table, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The whole table."""

    gpu: tuple[GpuRow, ...]
    toolkit_arch: tuple[ToolkitArchRow, ...]
    family: tuple[FamilyRow, ...]
    renamed: tuple[RenamedRow, ...] = ()
    host: tuple[HostRow, ...] = ()


class GpuModel(Struct, frozen=True):
    """One GPU model; data center models may use a newer user-mode driver than the kernel's (forward compatibility).

    `host` is the architecture of the hosts that it comes with, empty where there are several.
    """

    name: str
    capability: int
    architecture: str
    is_data_center: bool = False
    is_common: bool = False
    is_tegra: bool = False
    host: str = ""


@dataclass(frozen=True)
class GpuArchitectures:
    """The table, asked."""

    table: GpuArchTable

    @cached_property
    def models(self) -> tuple[GpuModel, ...]:
        """All models, by capability."""
        return tuple(
            GpuModel(
                name,
                row.cc,
                row.arch,
                name in row.data_center,
                name in row.common,
                row.is_tegra,
                self._hosts.get(name, ""),
            )
            for row in sorted(self.table.gpu, key=lambda row: row.cc)
            for name in row.models
        )

    @cached_property
    def common(self) -> tuple[GpuModel, ...]:
        """The models that are judged when nobody names one, by capability."""
        return tuple(model for model in self.models if model.is_common)

    @cached_property
    def capabilities(self) -> tuple[int, ...]:
        """All capabilities, ascending."""
        return tuple(sorted(row.cc for row in self.table.gpu))

    def architecture_of(self, capability: int) -> str:
        """The architecture's name, `Hopper`; empty where the capability is unknown."""
        return next((row.arch for row in self.table.gpu if row.cc == capability), "")

    def host_of(self, capability: int) -> str:
        """The architecture of the hosts of all models of a capability; empty where they differ."""
        hosts = {model.host for model in self.models if model.capability == capability}
        return hosts.pop() if len(hosts) == 1 else ""

    def runs_sass(self, arch: int, suffix: str, capability: int) -> bool:
        """Whether machine code for `arch` runs on a GPU of that capability."""
        arch = self._renamed.get(arch, arch)
        if suffix == _ALONE or arch == capability:
            return arch == capability
        if suffix == _FAMILY:
            return capability in self._families.get(arch, ())
        is_tegra = arch in self._tegra or capability in self._tegra
        return not is_tegra and arch // 10 == capability // 10 and arch < capability

    def compiles_ptx(self, arch: int, suffix: str, capability: int) -> bool:
        """Whether a driver that knows its ISA version can compile PTX for `arch` for a GPU of that capability."""
        arch = self._renamed.get(arch, arch)
        if suffix == _ALONE:
            return arch == capability
        if suffix == _FAMILY:
            return capability in self._families.get(arch, (arch,))
        return capability >= arch

    def first_toolkit(self, capability: int) -> str | None:
        """The first CUDA toolkit that compiles for a capability, `11.8`; None where none does."""
        names = {capability, *(row.before for row in self.table.renamed if row.after == capability)}
        rows = sorted(self.table.toolkit_arch, key=lambda row: parse_numbers(row.since, what="since"))
        return next((row.since for row in rows if names & set(row.sm)), None)

    def dropped_in(self, capability: int) -> str | None:
        """The first CUDA toolkit that no longer compiles for a capability, `13.0`; None where all do."""
        names = {capability, *(row.before for row in self.table.renamed if row.after == capability)}
        rows = self.table.toolkit_arch
        last = max((number for number, row in enumerate(rows) if names & set(row.sm)), default=None)
        return rows[last + 1].since if last is not None and last + 1 < len(rows) else None

    @cached_property
    def _hosts(self) -> dict[str, str]:
        return {name: row.architecture for row in self.table.host for name in row.models}

    @cached_property
    def _families(self) -> dict[int, tuple[int, ...]]:
        return {row.arch: row.members for row in self.table.family}

    @cached_property
    def _renamed(self) -> dict[int, int]:
        return {row.before: row.after for row in self.table.renamed}

    @cached_property
    def _tegra(self) -> frozenset[int]:
        return frozenset(row.cc for row in self.table.gpu if row.is_tegra)


def read_gpu_architectures(directory: Path | None = None) -> GpuArchitectures:
    """The table, checked; raises PolicyError where it contradicts itself."""
    table = read_table(TABLE, GpuArchTable, directory)
    _check_models(table)
    _check_hosts(table)
    _check_toolkits(table)
    known = {row.cc for row in table.gpu}
    for family in table.family:
        if family.arch not in family.members or not set(family.members) <= known:
            raise PolicyError(
                f"reading {TABLE}: family {family.arch}: {family.members}, expected itself and known ones"
            )
    for renamed in table.renamed:
        if renamed.after not in known or renamed.before in known:
            raise PolicyError(f"reading {TABLE}: {renamed.before} is renamed {renamed.after}, expected a known one")
    return GpuArchitectures(table)


def _check_models(table: GpuArchTable) -> None:
    """One row a capability, one capability a name."""
    counts = Counter(row.cc for row in table.gpu)
    if twice := [str(cc) for cc, count in sorted(counts.items()) if count > 1]:
        raise PolicyError(f"reading {TABLE}: cc = {', '.join(twice)} is in two [[gpu]] rows, expected one")
    seen: dict[str, int] = {}
    for row in table.gpu:
        if stray := {*row.data_center, *row.common} - set(row.models):
            raise PolicyError(f"reading {TABLE}: {sorted(stray)} are no models of {row.cc}")
        for name in row.models:
            key = normalise_model(name)
            if key in seen:
                raise PolicyError(f"reading {TABLE}: the model {name} is in {row.cc} and in {seen[key]}")
            seen[key] = row.cc


def _check_hosts(table: GpuArchTable) -> None:
    """Hosts are those of models that are listed, and each model has one kind."""
    models = {name for row in table.gpu for name in row.models}
    hosted = [name for row in table.host for name in row.models]
    if stray := sorted(set(hosted) - models):
        raise PolicyError(f"reading {TABLE}: {stray} have hosts, expected models of a [[gpu]] row")
    if twice := sorted(name for name, count in Counter(hosted).items() if count > 1):
        raise PolicyError(f"reading {TABLE}: {twice} are in two [[host]] rows, expected one")


def _check_toolkits(table: GpuArchTable) -> None:
    """Toolkits ascend, nothing that was dropped comes back, and every capability has had a toolkit."""
    versions = [parse_numbers(row.since, what=f"{TABLE}: since") for row in table.toolkit_arch]
    for before, after in pairwise(versions):
        if after <= before:
            told = [".".join(map(str, each)) for each in (after, before)]
            raise PolicyError(f"reading {TABLE}: toolkit_arch: {told[0]} follows {told[1]}, expected an ascent")
    dropped: set[int] = set()
    known: set[int] = set()
    for row in table.toolkit_arch:
        if list(row.sm) != sorted(set(row.sm)):
            raise PolicyError(f"reading {TABLE}: the architectures since {row.since} do not ascend")
        dropped |= known - set(row.sm)
        known = set(row.sm)
        if dropped & known:
            raise PolicyError(f"reading {TABLE}: {sorted(dropped & known)} come back in {row.since}")
    ever = {arch for row in table.toolkit_arch for arch in row.sm}
    if missing := {row.cc for row in table.gpu} - ever:
        raise PolicyError(f"reading {TABLE}: no toolkit compiles for {sorted(missing)}")
