"""What GPU packages' releases were built for: CUDA, cuDNN and torch."""

import re
from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Final, Protocol, TypeVar

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from layerscope.errors import PolicyError
from layerscope.policies.table import Row, Table, read_table

NAME: Final = "frameworks"
"""The table's file."""


class CudaRow(Row, frozen=True, kw_only=True):
    """A release that was built for these CUDA and cuDNN versions, as the ones after it were until the next row."""

    version: str
    cuda: str
    cudnn: str


class JaxRow(Row, frozen=True, kw_only=True):
    """The same for one of JAX's plugins."""

    package: str
    version: str
    cuda: str
    cudnn: str
    requires_python: str


class TorchRow(Row, frozen=True, kw_only=True):
    """A release and the torch that it was built against."""

    version: str
    torch: str


class LibraryRow(Row, frozen=True, kw_only=True):
    """One of bitsandbytes' libraries and the architectures that it has machine code for."""

    lib: str
    sm: tuple[int, ...]
    ptx_runtime: bool

    @property
    def number(self) -> int:
        """The CUDA version in the library's name, without its dot."""
        return int("".join(filter(str.isdigit, self.lib)) or 0)


class PatternRow(Row, frozen=True, kw_only=True):
    """How file names of a project's wheels say what they were built for: groups `v`, `cuda`, `torch`, `abi`, `py`."""

    pattern: str
    note: str = ""


class CudnnRow(Row, frozen=True, kw_only=True):
    """A cuDNN package: the versions that exist of it, its CUDA major version, and the oldest driver."""

    package: str
    versions: str
    cuda_major: int
    min_driver: str


class CudnnArchRow(Row, frozen=True, kw_only=True):
    """The lowest compute capability, times ten, that cuDNN of these versions computes on."""

    versions: str
    cc_min: int
    note: str = ""


class _Versioned(Protocol):
    @property
    def version(self) -> str:
        """The release."""


V = TypeVar("V", bound=_Versioned)


class FrameworkTable(Table, frozen=True, kw_only=True, dict=True):
    """All rows; those with a version ascend."""

    tensorflow: tuple[CudaRow, ...]
    onnxruntime_gpu: tuple[CudaRow, ...]
    ctranslate2: tuple[CudaRow, ...]
    jax: tuple[JaxRow, ...]
    vllm: tuple[TorchRow, ...]
    xformers: tuple[TorchRow, ...]
    bitsandbytes: tuple[LibraryRow, ...]
    flash_attn: tuple[PatternRow, ...]
    cudnn: tuple[CudnnRow, ...]
    cudnn_arch: tuple[CudnnArchRow, ...]

    @cached_property
    def jax_plugins(self) -> dict[str, tuple[JaxRow, ...]]:
        """JAX's rows by plugin."""
        names = sorted({row.package for row in self.jax})
        return {name: tuple(row for row in self.jax if row.package == name) for name in names}


def read_frameworks(directory: Path | None = None) -> FrameworkTable:
    """The table; raises PolicyError where it contradicts itself.

    Its law: releases ascend, every range is one, a newer release never goes back to an older CUDA, cuDNN or torch,
    architectures ascend, and a newer CUDA major version never runs on an older driver.
    """
    table = read_table(NAME, FrameworkTable, directory)
    builds: list[tuple[str, Sequence[CudaRow | JaxRow]]] = [
        ("tensorflow", table.tensorflow),
        ("onnxruntime_gpu", table.onnxruntime_gpu),
        ("ctranslate2", table.ctranslate2),
        *table.jax_plugins.items(),
    ]
    for name, rows in builds:
        _demand_ascent(name, [row.version for row in rows])
        _demand_ascent(f"{name}: cuda", [_floor(name, row.cuda) for row in rows], is_strict=False)
        _demand_ascent(f"{name}: cudnn", [_floor(name, row.cudnn) for row in rows], is_strict=False)
    for name, pins in (("vllm", table.vllm), ("xformers", table.xformers)):
        _demand_ascent(name, [row.version for row in pins])
        _demand_ascent(f"{name}: torch", [_floor(name, row.torch) for row in pins], is_strict=False)
    _demand_ascent("bitsandbytes", [str(row.number) for row in table.bitsandbytes])
    for row in table.bitsandbytes:
        _demand_ascent(row.lib, [str(number) for number in row.sm])
    _demand_ascent("cudnn", [str(row.cuda_major) for row in table.cudnn])
    _demand_ascent("cudnn: min_driver", [row.min_driver for row in table.cudnn], is_strict=False)
    _demand_ascent("cudnn_arch", [str(row.cc_min) for row in table.cudnn_arch])
    for versions in [row.versions for row in table.cudnn] + [row.versions for row in table.cudnn_arch]:
        _demand_range(versions)
    for pattern in table.flash_attn:
        _demand_pattern(pattern)
    return table


def find_release(rows: Sequence[V], version: str) -> V | None:
    """The row that tells of a release: the newest that is not newer than it; None where all are or it is no version.

    A bug-fix release of a row's own series counts as the row.
    """
    try:
        wanted = Version(version)
    except InvalidVersion:
        return None
    fitting = [
        row for row in rows if Version(row.version) <= wanted or Version(row.version).release[:2] == wanted.release[:2]
    ]
    return fitting[-1] if fitting else None


def first_release_for(rows: Sequence[CudaRow], cuda_major: int) -> str | None:
    """The first listed release, `1.27`, that was built for that CUDA major version or a newer one."""
    for row in rows:
        if Version(_floor(NAME, row.cuda)).major >= cuda_major:
            return ".".join(map(str, Version(row.version).release[:2]))
    return None


def _floor(name: str, text: str) -> str:
    """The lowest version that a range names."""
    try:
        versions = [
            Version(each.version.removesuffix(".*")) for each in SpecifierSet(text) if each.operator not in {"<", "!="}
        ]
    except (InvalidSpecifier, InvalidVersion) as error:
        raise PolicyError(f"reading the table {NAME}: {name}: {text!r}, expected a version specifier") from error
    if not versions:
        raise PolicyError(f"reading the table {NAME}: {name}: {text!r}, expected a range with a lower end")
    return str(min(versions))


def _demand_range(text: str) -> None:
    """Refuse what is no range of versions."""
    try:
        SpecifierSet(text)
    except InvalidSpecifier as error:
        raise PolicyError(f"reading the table {NAME}: cudnn: {text!r}, expected a version specifier") from error


def _demand_ascent(what: str, versions: Sequence[str], *, is_strict: bool = True) -> None:
    """Refuse versions that do not ascend."""
    try:
        numbers = [Version(version) for version in versions]
    except InvalidVersion as error:
        raise PolicyError(f"reading the table {NAME}: {what}: {error}") from error
    for lower, upper in pairwise(numbers):
        if lower > upper or (is_strict and lower == upper):
            raise PolicyError(f"reading the table {NAME}: {what}: {upper} follows {lower}, expected ascending ones")


def _demand_pattern(row: PatternRow) -> None:
    """Refuse a pattern that is none, or lacks a group."""
    try:
        groups = set(re.compile(row.pattern).groupindex)
    except re.error as error:
        raise PolicyError(f"reading the table {NAME}: flash_attn: {row.pattern!r}: {error}") from error
    if not {"cuda", "torch"} <= groups:
        raise PolicyError(f"reading the table {NAME}: flash_attn: expected groups cuda and torch in {row.pattern!r}")
