"""Coverage: how much of a library's device code a GPU can run, judged by container and against the best GPU.

Libraries of kernels that are chosen by architecture (cuBLASLt, cuDNN, cuSPARSELt) keep those of one architecture in
containers of their own, so that no GPU runs all. What the library is for is in containers for nearly all architectures
that it knows: they are the measure. In libtorch_cuda_linalg of torch 2.15 the T4 runs 1 of 33; in cuBLASLt 13 it runs
167 of 2,617, but 134 of the 219 general ones.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from msgspec import Struct

from layerscope.formats.device_code import CodeKind, ContainerGroup
from layerscope.policies.cuda_driver import CudaDrivers, Version, reaches
from layerscope.policies.gpu_arch import GpuArchitectures

FULL_SHARE: Final = 0.5
"""The share of the best GPU's containers from which on a library is taken to work; one that lacks kernels on purpose
has 0.6, one that was compiled without the architecture 0.03 to 0.3."""

GENERAL_SHARE: Final = 0.1
"""The share of general containers below which a library is a collection: 0.07 in cuSPARSELt, 0.08 in cuBLASLt 13, and
0.3 to 1 in all others that were seen."""

_GENERATION: Final = 10
_NARROW: Final = 2


class Coverage(Struct, frozen=True):
    """Of a library's general containers: how many run natively, how many after compilation, and how many at best.

    `isa` is the newest PTX ISA version that has to be compiled, (0, 0) where none has; `blocked` counts containers
    whose PTX the given driver is too old for.
    """

    native: int
    jit: int
    best: int
    isa: tuple[int, int] = (0, 0)
    blocked: int = 0

    @property
    def share(self) -> float:
        """What the GPU runs, relative to the best GPU."""
        return (self.native + self.jit) / self.best if self.best else 0.0

    @property
    def is_full(self) -> bool:
        """Whether the library is taken to work."""
        return self.share >= FULL_SHARE


@dataclass(frozen=True)
class GpuQuestion:
    """A compute capability, the knowledge to judge it by, and a driver where one is given."""

    capability: int
    architectures: GpuArchitectures
    drivers: CudaDrivers
    driver: Version | None = None


class Measure(Struct, frozen=True):
    """What a library is measured by: its general containers, and how many of them the best GPU runs."""

    general: tuple[ContainerGroup, ...]
    best: int


def find_measure(groups: Sequence[ContainerGroup], architectures: GpuArchitectures) -> Measure:
    """The measure of a library with these containers, the same for every GPU."""
    general = select_general(groups)
    counts = (
        sum(group.count for group in general if _runs(group, capability, architectures))
        for capability in architectures.capabilities
    )
    return Measure(general, max(counts, default=0))


def measure_coverage(measure: Measure, question: GpuQuestion) -> Coverage:
    """How the GPU of the question fares with these containers."""
    native = jit = blocked = 0
    newest = (0, 0)
    for group in measure.general:
        if _is_native(group, question.capability, question.architectures):
            native += group.count
            continue
        isas = _ptx_versions(group, question)
        usable = [isa for isa in isas if _compiles(isa, question)]
        if usable:
            jit += group.count
            newest = max(newest, min(usable))
        elif isas:
            blocked += group.count
    return Coverage(native, jit, measure.best, newest, blocked)


def select_general(groups: Iterable[ContainerGroup]) -> tuple[ContainerGroup, ...]:
    """The containers for all generations of GPUs that any container is for, or for all of them but one.

    Where those are few, the library is a collection by architecture, and only those for all generations count.
    """
    widths = [(len({target.arch // _GENERATION for target in group.targets}), group) for group in groups]
    widest = max((width for width, _ in widths), default=0)
    least = widest if widest <= _NARROW else widest - 1
    general = tuple(group for width, group in widths if width >= least)
    if sum(group.count for group in general) < GENERAL_SHARE * sum(group.count for _, group in widths):
        return tuple(group for width, group in widths if width == widest)
    return general


def _is_native(group: ContainerGroup, capability: int, architectures: GpuArchitectures) -> bool:
    return any(
        target.kind is CodeKind.SASS and architectures.runs_sass(target.arch, target.suffix, capability)
        for target in group.targets
    )


def _runs(group: ContainerGroup, capability: int, architectures: GpuArchitectures) -> bool:
    return _is_native(group, capability, architectures) or any(
        target.kind is CodeKind.PTX and architectures.compiles_ptx(target.arch, target.suffix, capability)
        for target in group.targets
    )


def _ptx_versions(group: ContainerGroup, question: GpuQuestion) -> list[tuple[int, int]]:
    return [
        target.ptx_isa
        for target in group.targets
        if target.kind is CodeKind.PTX
        and question.architectures.compiles_ptx(target.arch, target.suffix, question.capability)
    ]


def _compiles(isa: tuple[int, int], question: GpuQuestion) -> bool:
    if question.driver is None:
        return True
    oldest = question.drivers.ptx_driver(isa)
    return oldest is not None and reaches(question.driver, str(int(oldest.partition(".")[0])))
