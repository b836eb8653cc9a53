"""NVIDIA's parts of CUDA as packages: wheels in Python environments and packages in conda prefixes."""

import re
from collections.abc import Iterator
from typing import Final

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.cuda.marked_paths import find_marked_paths
from layerscope.facts.cuda.sites import find_sites
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap

_WHEEL: Final = re.compile(r"nvidia-.+|tensorrt.*|cuda-toolkit|cuda-bindings|cupy-cuda.+")
_CONDA: Final = re.compile(
    r"(.+/conda-meta)/((?:cuda|libcu|libnv|nccl|cudnn|pytorch-cuda|tensorrt)[a-z0-9_-]*?)-(\d[^-/]*)-[^-/]+\.json"
)
_INSTALLER: Final = re.compile(r"(?:conda|mamba)-\d")


class CudaPackage(Fact, frozen=True):
    """One package: its name, version, and the environment or prefix that it is installed in."""

    name: str
    version: str
    manager: str
    """`wheel` or `conda`."""
    environment: str


class CondaPrefix(Fact, frozen=True):
    """A conda prefix with packages: how many, how many of them are CUDA's, and whether conda itself is among them."""

    prefix: str
    packages: int
    cuda_packages: int
    has_conda: bool
    instruction: str


class CudaPackageCollector(Collector):
    """Reads the names of metadata folders and of conda's records."""

    name = "cuda.packages"

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield wheels by environment, then conda packages, then conda prefixes, each sorted by path."""
        for site in context.shared(find_sites):
            for each in site.distributions:
                if _WHEEL.fullmatch(each.name):
                    yield CudaPackage(_see(context, each.path), each.name, each.version, "wheel", site.path)
        prefixes: dict[str, list[str]] = {}
        for path in context.shared(find_marked_paths).conda:
            folder, _, name = path.rpartition("/")
            prefixes.setdefault(folder, []).append(name)
            match = _CONDA.fullmatch(path)
            if match:
                prefix = match[1].rpartition("/")[0]
                yield CudaPackage(_see(context, path), match[2], match[3], "conda", prefix)
        for folder, names in sorted(prefixes.items()):
            evidence = _see(context, folder)
            yield CondaPrefix(
                evidence=evidence,
                prefix=folder.rpartition("/")[0],
                packages=len(names),
                cuda_packages=sum(_CONDA.fullmatch(f"{folder}/{name}") is not None for name in names),
                has_conda=any(_INSTALLER.match(name) for name in names),
                instruction=context.instruction(evidence.layer),
            )


def _see(context: FactContext, path: str) -> Evidence:
    """A path with its layer."""
    node = context.tree.get(path)
    return Evidence(node.layer if node is not None else None, path)
