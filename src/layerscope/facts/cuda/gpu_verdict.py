"""GpuVerdict: whether an image computes on one GPU, why not, and with which drivers."""

from enum import StrEnum

from msgspec import Struct

from layerscope.facts.fact import Fact
from layerscope.policies.cuda_driver import parse_driver, reaches
from layerscope.policies.cuda_libraries import LibraryRole


class Verdict(StrEnum):
    """How an image fares on a GPU, best first."""

    NATIVE = "native"
    """Its machine code runs."""
    JIT = "jit"
    """The driver has to compile its PTX first."""
    PARTIAL = "partial"
    """A library lacks the code for it."""
    NONE = "none"
    """What the image is for does not run."""
    NO_CODE = "no device code"
    """The image holds nothing for any GPU."""


class Cause(StrEnum):
    """What an image fails at, or falls short of."""

    NOTHING = ""
    CODE = "code"
    """Device code for the GPU is missing."""
    ARCHITECTURE = "architecture"
    """The image's CUDA no longer compiles for the GPU, and no driver changes that."""
    DRIVER_TOO_OLD = "driver too old"
    """The image's CUDA does not start with the driver."""
    DRIVER_TOO_NEW = "driver too new"
    """The driver no longer knows the GPU."""
    DRIVER_BEFORE_GPU = "driver before GPU"
    """The driver does not yet know the GPU."""
    PTX_TOO_NEW = "PTX too new"
    """The driver cannot compile the PTX."""
    HOST_PROCESSOR = "host processor"
    """The GPU's hosts have another processor than the image is for."""
    BLOCKED = "blocked"
    """What computes does not start, whatever its code; a finding says why."""


class LibraryVerdict(Struct, frozen=True):
    """How one library fares: general containers that run natively, after compilation, and on the best GPU.

    `gives` is what a program lacks without it, `ptx_isa` the newest PTX version that has to be compiled (`9.0`).
    """

    path: str
    layer: int | None
    role: LibraryRole | None
    gives: str
    verdict: Verdict
    native: int
    jit: int
    best: int
    targets: tuple[str, ...]
    ptx_isa: str = ""

    @property
    def share(self) -> float:
        """What the GPU runs of the library, relative to the best GPU."""
        return (self.native + self.jit) / self.best if self.best else 0.0

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.rpartition("/")[2]


class GpuVerdict(Fact, frozen=True):
    """One GPU's verdict; the evidence is the library or the framework that decides it.

    `minimum_driver` is the oldest driver with which the image starts on this GPU, `full_driver` the oldest with all
    features of its CUDA, `last_branch` the last driver branch that knows the GPU; empty and None where there is none
    or it is not known. `driver` is the one that was asked about, `cuda` what the image was built for.
    `compat_branches` are those of older drivers on which a user-mode driver in the image stands in. `is_asked` tells
    GPUs that a person named from those that are judged for the table. `libraries` has the deciding ones, and all that
    fall short; `torch_builds`, where PyTorch is what falls short, its builds that would run: `cu126 (torch 2.6-)`;
    `compat_package`, where the driver is too old, the package that stands in for a newer one; `older_release`, where
    the image's CUDA has dropped the GPU, the framework's releases for a CUDA that has not, `onnxruntime-gpu<1.27`.
    """

    name: str
    compute_capability: str
    architecture: str
    verdict: Verdict
    cause: Cause
    reason: str
    minimum_driver: str = ""
    full_driver: str = ""
    last_branch: int | None = None
    driver: str = ""
    cuda: str = ""
    compat_branches: tuple[int, ...] = ()
    libraries: tuple[LibraryVerdict, ...] = ()
    torch_builds: tuple[str, ...] = ()
    compat_package: str = ""
    older_release: str = ""
    is_asked: bool = False
    node: str = ""
    count: int = 1
    code_verdict: Verdict | None = None
    """Where the verdict is `blocked`, what code and driver alone would say, and `code_reason` why."""
    code_reason: str = ""
    refusal: str = ""
    """Why the NVIDIA runtime of a host with that driver does not start the image, empty where it does."""

    @property
    def is_below_toolkit(self) -> bool:
        """Whether the driver that was asked about is older than the one that came with the image's toolkit."""
        return bool(self.driver and self.full_driver) and not reaches(parse_driver(self.driver), self.full_driver)

    @property
    def lacking(self) -> tuple[LibraryVerdict, ...]:
        """The libraries that fall short."""
        return tuple(each for each in self.libraries if each.verdict in (Verdict.PARTIAL, Verdict.NONE))
