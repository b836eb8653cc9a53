"""Where a copy of CUDA's libraries lies, and what kind of place that is."""

import re
from enum import StrEnum
from typing import Final

from msgspec import Struct

from layerscope.facts.context import FactContext
from layerscope.facts.cuda.sites import find_sites


class CopyKind(StrEnum):
    """What put the libraries there."""

    TOOLKIT = "toolkit"
    """NVIDIA's packages or installer, below /usr/local/cuda-X.Y."""
    SYSTEM = "system"
    """A distribution's packages, among the system's libraries."""
    WHEEL = "wheel"
    """NVIDIA's wheels, in a Python environment."""
    CONDA = "conda"
    """Conda packages, in a prefix."""
    BUNDLED = "bundled"
    """A package or program that carries its own."""
    CACHE = "cache"
    """A package manager's cache; no program looks there."""


class CopyPlace(Struct, frozen=True):
    """The kind of a place, its root directory, and the Python environment that it is part of, else empty."""

    kind: CopyKind
    root: str
    environment: str = ""


_CACHES: Final = re.compile(r"(?:^|/)(?:\.cache|archive-v\d+|pkgs)(?:/|$)")
_TOOLKIT: Final = re.compile(r"((?:usr/local|opt|usr/lib)/(?:nvidia/)?cuda(?:-\d+(?:\.\d+)?)?)/")
_SITE: Final = re.compile(r"(.*?(?:site|dist)-packages)/([^/]+)/(?:([^/]+)/)?")
_TARGET: Final = re.compile(r"(.+?)/(nvidia)/(?:([^/]+)/)?")
_SYSTEM: Final = re.compile(r"((?:usr/)?(?:local/)?lib(?:32|64)?(?:/[a-z0-9_]+-linux-gnu\w*)?)/[^/]+$")
_CONDA_LIBRARIES: Final = re.compile(r"(.+?)/(?:targets/[^/]+/)?lib/[^/]+$")
_MAJOR: Final = re.compile(r"cu\d+")


def _find_target(path: str, context: FactContext) -> re.Match[str] | None:
    """The parts of a path below a directory that pip was told to install into (`--target`)."""
    match = _TARGET.match(path)
    sites = {site.path for site in context.shared(find_sites)} if match else ()
    return match if match and match[1] in sites else None


def find_place(path: str, context: FactContext) -> CopyPlace:
    """The place of the library at a path."""
    folder = path.rpartition("/")[0]
    if _CACHES.search(folder):
        return CopyPlace(CopyKind.CACHE, folder)
    site = _SITE.match(path) or _find_target(path, context)
    if site:
        environment, package, below = site[1], site[2], site[3]
        if package == "nvidia":
            is_versioned = below is not None and _MAJOR.fullmatch(below)
            return CopyPlace(
                CopyKind.WHEEL,
                f"{environment}/nvidia/{below}" if is_versioned else f"{environment}/nvidia",
                environment,
            )
        if package.startswith("tensorrt") or package == "cusparselt":
            return CopyPlace(CopyKind.WHEEL, f"{environment}/nvidia", environment)
        return CopyPlace(CopyKind.BUNDLED, f"{environment}/{package}", environment)
    toolkit = _TOOLKIT.match(path)
    if toolkit:
        return CopyPlace(CopyKind.TOOLKIT, toolkit[1])
    system = _SYSTEM.match(path)
    if system:
        return CopyPlace(CopyKind.SYSTEM, system[1])
    conda = _CONDA_LIBRARIES.match(path)
    if conda and f"{conda[1]}/conda-meta" in context.tree:
        return CopyPlace(CopyKind.CONDA, conda[1])
    return CopyPlace(CopyKind.BUNDLED, folder)
