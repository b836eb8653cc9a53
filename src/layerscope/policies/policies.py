"""Policies: all tables of outside knowledge, each read when it is first asked for."""

import difflib
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Final, TypeVar

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
from layerscope.policies.servers import ModelServers, read_servers
from layerscope.policies.table import find_place
from layerscope.policies.torch_wheels import TorchWheels, read_torch_wheels

T = TypeVar("T")

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
    "servers",
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

    def check(self) -> None:
        """Read every table in full; raises PolicyError for the first that contradicts itself."""
        for name in TABLES:
            getattr(self, name)

    @cached_property
    def cuda_driver(self) -> CudaDrivers:
        """Which driver serves which CUDA and which GPUs."""
        return self._read("cuda_driver", read_cuda_drivers)

    @cached_property
    def cuda_libraries(self) -> CudaLibraries:
        """What the CUDA libraries do for a program."""
        return self._read("cuda_libraries", read_cuda_libraries)

    @cached_property
    def gpu_arch(self) -> GpuArchitectures:
        """GPU models, and which device code runs on them."""
        return self._read("gpu_arch", read_gpu_architectures)

    @cached_property
    def torch_wheels(self) -> TorchWheels:
        """PyTorch releases and their builds."""
        return self._read("torch_wheels", read_torch_wheels)

    @cached_property
    def frameworks(self) -> FrameworkTable:
        """What GPU packages were built for."""
        return self._read("frameworks", read_frameworks)

    @cached_property
    def injected(self) -> InjectedFiles:
        """What the NVIDIA runtime mounts."""
        return self._read("injected", InjectedFiles.read)

    @cached_property
    def python_releases(self) -> PythonReleases:
        """Until when Python's series get fixes."""
        return self._read("python_releases", PythonReleases.read)

    @cached_property
    def python_twins(self) -> PythonTwins:
        """Distributions that hold the same package."""
        return self._read("python_twins", PythonTwins.read)

    @cached_property
    def node_releases(self) -> NodeReleaseTable:
        """Node.js release lines."""
        return self._read("node_releases", read_node_releases)

    @cached_property
    def releases(self) -> ReleaseTable:
        """Releases of distributions."""
        return self._read("releases", read_releases)

    @cached_property
    def servers(self) -> ModelServers:
        """Servers of models, and how images that run one are recognised."""
        return self._read("servers", read_servers)

    @cached_property
    def errors(self) -> KnownErrors:
        """What containers, drivers and frameworks print when something is wrong, and why."""
        return self._read("errors", read_errors)

    def _read(self, name: str, read: Callable[[Path | None], T]) -> T:
        """A table; raises PolicyError, which names its file."""
        try:
            return read(self.directory)
        except PolicyError as error:
            place = find_place(name, self.directory)
            if place in str(error):
                raise
            raise PolicyError(f"{error} (table {place})") from error
