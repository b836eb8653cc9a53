"""Policies: all tables of outside knowledge, each read when it is first asked for."""

import difflib
import hashlib
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Final

from layerscope.errors import PolicyError
from layerscope.policies.cuda_driver import CudaDrivers, read_cuda_drivers
from layerscope.policies.cuda_libraries import CudaLibraries, read_cuda_libraries
from layerscope.policies.errors import KnownErrors, read_errors
from layerscope.policies.frameworks import FrameworkTable, read_frameworks
from layerscope.policies.gpu_arch import GpuArchitectures, read_gpu_architectures
from layerscope.policies.injected import InjectedFiles
from layerscope.policies.node_releases import NodeReleaseTable, read_node_releases
from layerscope.policies.python_releases import PythonReleases
from layerscope.policies.python_twins import PythonTwins
from layerscope.policies.releases import ReleaseTable, read_releases
from layerscope.policies.torch_wheels import TorchWheels, read_torch_wheels

TABLES: Final[tuple[str, ...]] = (
    "cuda_driver",
    "cuda_libraries",
    "errors",
    "frameworks",
    "gpu_arch",
    "injected",
    "node_releases",
    "python_releases",
    "python_twins",
    "releases",
    "torch_wheels",
)
"""Every table's name, sorted; each is a file in `tables/` and a module beside this one."""


@dataclass(frozen=True)
class Policies:
    """The tables, those in `directory` in place of our own; every table may raise PolicyError when asked for."""

    directory: Path | None = None

    def __post_init__(self) -> None:
        """Refuse a folder that is not there or that holds a table nobody asks for; raises PolicyError."""
        if self.directory is None:
            return
        try:
            names = sorted(path.stem for path in self.directory.iterdir() if path.suffix == ".toml")
        except OSError as error:
            raise PolicyError(f"reading tables from {self.directory}: {error.strerror}") from error
        for name in names:
            if name not in TABLES:
                near = difflib.get_close_matches(name, TABLES, n=1) or [", ".join(TABLES)]
                raise PolicyError(
                    f"reading tables from {self.directory}: no table is called {name}; expected {near[0]}"
                )

    @cached_property
    def digest(self) -> str:
        """SHA-256 over all tables in use: what was derived by them is kept under it."""
        digest = hashlib.sha256()
        for folder in filter(None, (files("layerscope.policies").joinpath("tables"), self.directory)):
            for path in sorted(folder.iterdir(), key=lambda each: each.name):
                if path.name.endswith(".toml") and path.is_file():
                    digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
        return digest.hexdigest()

    @cached_property
    def cuda_driver(self) -> CudaDrivers:
        """Which driver serves which CUDA and which GPUs."""
        return read_cuda_drivers(self.directory)

    @cached_property
    def cuda_libraries(self) -> CudaLibraries:
        """What the CUDA libraries do for a program."""
        return read_cuda_libraries(self.directory)

    @cached_property
    def gpu_arch(self) -> GpuArchitectures:
        """GPU models, and which device code runs on them."""
        return read_gpu_architectures(self.directory)

    @cached_property
    def torch_wheels(self) -> TorchWheels:
        """PyTorch releases and their builds."""
        return read_torch_wheels(self.directory)

    @cached_property
    def frameworks(self) -> FrameworkTable:
        """What GPU packages were built for."""
        return read_frameworks(self.directory)

    @cached_property
    def injected(self) -> InjectedFiles:
        """What the NVIDIA runtime mounts."""
        return InjectedFiles.read(self.directory)

    @cached_property
    def python_releases(self) -> PythonReleases:
        """Until when Python's series get fixes."""
        return PythonReleases.read(self.directory)

    @cached_property
    def python_twins(self) -> PythonTwins:
        """Distributions that hold the same package."""
        return PythonTwins.read(self.directory)

    @cached_property
    def node_releases(self) -> NodeReleaseTable:
        """Node.js release lines."""
        return read_node_releases(self.directory)

    @cached_property
    def releases(self) -> ReleaseTable:
        """Releases of distributions."""
        return read_releases(self.directory)

    @cached_property
    def errors(self) -> KnownErrors:
        """What containers, drivers and frameworks print when something is wrong, and why."""
        return read_errors(self.directory)
