"""Framework: a package that computes on GPUs, with what it was built for."""

from enum import StrEnum

from msgspec import Struct

from layerscope.facts.fact import Fact


class Build(StrEnum):
    """What a framework was built to compute on."""

    CUDA = "cuda"
    CPU = "cpu"
    ROCM = "rocm"
    UNKNOWN = "unknown"


class Distribution(Struct, frozen=True):
    """A distribution by name and version."""

    name: str
    version: str


class Framework(Fact, frozen=True):
    """One framework in one environment (the directory of its distributions).

    `cuda` and `cudnn` are the versions that it was built for: it needs that major version, and better nothing older.
    `torch` is what an extension was built against, as a version specifier. They are empty where nothing is known, and
    `source` says what they rest on. `libraries` are parts found of it (providers, plugins, numbers of CUDA releases),
    `distributions` those that make it up.
    """

    name: str
    version: str
    environment: str
    build: Build
    cuda: str = ""
    cudnn: str = ""
    torch: str = ""
    source: str = ""
    libraries: tuple[str, ...] = ()
    distributions: tuple[Distribution, ...] = ()
    instruction: str = ""

    @property
    def label(self) -> str:
        """Name and version for a sentence."""
        return f"{self.name} {self.version}".rstrip()

    @property
    def package_path(self) -> str:
        """The folder that is imported."""
        return f"{self.environment}/{self.name}"

    def has_distribution(self, name: str) -> bool:
        """Whether a distribution of that name is part of it."""
        return any(each.name == name for each in self.distributions)
