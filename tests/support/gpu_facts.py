"""Libraries with device code, frameworks and verdicts as facts, for tests of what follows from them."""

from collections.abc import Iterable

from layerscope.facts.cuda.device_code import CodeForm, LibraryCode
from layerscope.facts.cuda.framework import Build, Framework
from layerscope.facts.cuda.gpu_verdict import Cause, GpuVerdict, LibraryVerdict, Verdict
from layerscope.facts.fact import Evidence
from layerscope.formats.device_code import CodeKind, ContainerGroup, DeviceTarget
from layerscope.policies.cuda_libraries import LibraryRole

SITE = "usr/lib/python3/dist-packages"


def sm(*archs: int) -> tuple[DeviceTarget, ...]:
    """Machine code for these architectures."""
    return tuple(DeviceTarget(CodeKind.SASS, arch) for arch in archs)


def compute(arch: int, isa: tuple[int, int]) -> tuple[DeviceTarget, ...]:
    """PTX for that architecture, of that ISA version."""
    return (DeviceTarget(CodeKind.PTX, arch, "", isa),)


def library(name: str, *groups: tuple[int, Iterable[DeviceTarget]], layer: int = 2) -> LibraryCode:
    """A library with containers: how many, and what each holds."""
    return LibraryCode(
        evidence=Evidence(layer, f"{SITE}/{name}"),
        name=name,
        form=CodeForm.OBJECT,
        size=1_000_000,
        groups=tuple(ContainerGroup(tuple(sorted(targets)), count, "") for count, targets in groups),
        bytes_by_arch=(),
    )


def torch(cuda: str, version: str = "2.15.0") -> Framework:
    """PyTorch built for that CUDA."""
    return Framework(Evidence(1, f"{SITE}/torch/version.py"), "torch", version, SITE, Build.CUDA, cuda)


def verdict(
    kind: Verdict, cause: Cause = Cause.NOTHING, *, name: str = "T4", capability: str = "7.5", is_asked: bool = True
) -> GpuVerdict:
    """A verdict as the judge gives it, with one library that falls short."""
    lacking = LibraryVerdict(
        path=f"{SITE}/libtorch_cuda_linalg.so",
        layer=2,
        role=LibraryRole.PART,
        gives="torch.linalg",
        verdict=Verdict.PARTIAL,
        native=1,
        jit=0,
        best=33,
        targets=("sm_80",),
    )
    return GpuVerdict(
        evidence=Evidence(2, f"{SITE}/libtorch_cuda.so"),
        name=name,
        compute_capability=capability,
        architecture="Turing",
        verdict=kind,
        cause=cause,
        reason="the reason",
        minimum_driver="580.65.06",
        full_driver="595.45.04",
        last_branch=580,
        cuda="13.2",
        libraries=(lacking,),
        is_asked=is_asked,
    )
