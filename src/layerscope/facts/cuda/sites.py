"""Where Python distributions lie, as far as CUDA is concerned: their names and versions, from folder names alone."""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from msgspec import Struct

from layerscope.facts.context import FactContext
from layerscope.facts.cuda.marked_paths import find_marked_paths

_NOT_INSTALLED: Final = re.compile(
    r"(?:^|/)(?:_vendor|vendor|\.cache|archive-v\d+|builds-v\d+|pkgs|ensurepip|__pycache__)(?:/|$)"
)
"""Package managers' caches and copies that packages carry for themselves."""


class Installed(Struct, frozen=True, order=True):
    """One distribution: its name normalised (lower case, dashes), its version, and the folder of its metadata."""

    name: str
    version: str
    path: str


@dataclass(frozen=True)
class Site:
    """A directory that distributions are installed into."""

    path: str
    distributions: tuple[Installed, ...]

    @cached_property
    def by_name(self) -> dict[str, Installed]:
        """Distributions by name; of several versions of one the last in order."""
        return {each.name: each for each in self.distributions}

    def find(self, *names: str) -> Installed | None:
        """The first of these that is installed."""
        return next((self.by_name[name] for name in names if name in self.by_name), None)

    @property
    def prefix(self) -> str:
        """The directory above `lib/pythonX.Y/site-packages`, or the site itself."""
        return re.sub(r"/?(?:lib|lib64)/python[\d.t]*/(?:site|dist)-packages$", "", self.path)


def find_sites(context: FactContext) -> tuple[Site, ...]:
    """Every site, sorted by path."""
    sites: dict[str, list[Installed]] = {}
    for path in context.shared(find_marked_paths).metadata:
        folder, _, name = path.rpartition("/")
        if _NOT_INSTALLED.search(path):
            continue
        stem, dash, version = name.rpartition(".")[0].partition("-")
        if dash:
            version = re.sub(r"-py\d.*$", "", version)
            sites.setdefault(folder, []).append(Installed(normalize_name(stem), version, path))
    return tuple(Site(path, tuple(sorted(found))) for path, found in sorted(sites.items()))


def normalize_name(name: str) -> str:
    """A distribution's name for comparing (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()
