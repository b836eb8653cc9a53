"""Extension modules built with the headers of NumPy 1, where NumPy 2 is installed."""

import re
from collections.abc import Iterator
from typing import Final

from packaging.version import InvalidVersion, Version

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.elf.object_extractor import ElfObjectExtractor
from layerscope.facts.elf.objects import find_objects
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap
from layerscope.facts.python.distributions import Distribution, find_distributions
from layerscope.facts.python.environments import PythonEnvironment, find_environments
from layerscope.facts.python.extensions import find_owner, list_below
from layerscope.facts.python.metadata_extractor import PythonMetadataExtractor
from layerscope.facts.python.record_extractor import RecordExtractor

EXAMPLES: Final = 10
"""Modules that one fact names."""

_COMPILED_AGAINST: Final = frozenset({"torch"})
"""Distributions that use NumPy's interface where it is there, without a requirement that says so."""

_REQUIRES: Final = re.compile(r"numpy\b(?!-)", re.IGNORECASE)

_NEW: Final = 2
"""The first major version of NumPy that refuses modules built for the one before."""


class OldNumpyModules(Fact, frozen=True):
    """The modules of one package that NumPy 2 refuses; `distribution` is the one that installed them, if known.

    `numpy` is the version of NumPy that the environment sees, `numpy_layer` and `numpy_instruction` whence it came.
    """

    environment: str
    site: str
    package: str
    distribution: str
    count: int
    examples: tuple[str, ...]
    layer: int
    instruction: str
    needs_numpy: bool
    """Whether the distribution says that it requires NumPy, or is known to be compiled against it."""
    numpy: str
    numpy_place: Evidence
    numpy_layer: int
    numpy_instruction: str


class NumpyModuleCollector(Collector):
    """Asks the objects below each site directory for which NumPy they were built."""

    name = "python.numpy-modules"
    extractors = (PythonMetadataExtractor(), RecordExtractor(), ElfObjectExtractor())

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield one fact a package of an environment with NumPy 2; NumPy's own modules are its own business."""
        distributions = context.shared(find_distributions)
        for environment in context.shared(find_environments):
            numpy = _find_numpy(environment, distributions)
            if numpy is None or _major(numpy.version) < _NEW:
                continue
            groups: dict[tuple[str, str], list[str]] = {}
            for path, site in _iter_old(context.shared(_find_old), environment.sites):
                package = path[len(site) + 1 :].partition("/")[0].partition(".")[0]
                if package != "numpy":
                    groups.setdefault((site, package), []).append(path)
            for (site, package), paths in sorted(groups.items()):
                yield _describe(context, environment, (site, package, paths), numpy)


def _find_numpy(environment: PythonEnvironment, distributions: tuple[Distribution, ...]) -> Distribution | None:
    """The NumPy that the environment imports: the first on its module path."""
    by_site = {item.site: item for item in reversed(distributions) if item.key == "numpy" and item.has_metadata}
    return next((by_site[site] for site in (*environment.sites, *environment.borrowed) if site in by_site), None)


def _label(item: Distribution) -> str:
    """A distribution as facts name it."""
    return f"{item.name} {item.version}"


def _major(version: str) -> int:
    """The major version; 0 where the text is none."""
    try:
        return Version(version).major
    except InvalidVersion:
        return 0


def _find_old(context: FactContext) -> tuple[str, ...]:
    """The paths of all objects built for NumPy 1, sorted."""
    return tuple(sorted(path for path, found in context.shared(find_objects).items() if found.numpy_abi.is_numpy_1))


def _iter_old(paths: tuple[str, ...], sites: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Those that lie below a site directory, each with the first that holds it."""
    seen: set[str] = set()
    for site in sites:
        for path in list_below(paths, site):
            if path not in seen:
                seen.add(path)
                yield path, site


def _describe(
    context: FactContext, environment: PythonEnvironment, group: tuple[str, str, list[str]], numpy: Distribution
) -> OldNumpyModules:
    """The fact of one package."""
    site, package, paths = group
    layer = context.shared(find_objects)[paths[0]].layer
    label = find_owner(context, paths[0])
    owner = next((item for item in context.shared(find_distributions) if _label(item) == label), None)
    return OldNumpyModules(
        evidence=Evidence(layer=layer, path=paths[0]),
        environment=environment.place,
        site=site,
        package=package,
        distribution=label,
        count=len(paths),
        examples=tuple(paths[:EXAMPLES]),
        layer=layer,
        instruction=context.instruction(layer),
        needs_numpy=owner is None or owner.key in _COMPILED_AGAINST or any(map(_REQUIRES.match, owner.requires)),
        numpy=numpy.version,
        numpy_place=numpy.evidence,
        numpy_layer=numpy.layer,
        numpy_instruction=numpy.instruction,
    )
