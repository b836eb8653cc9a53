"""Python distributions: what is installed in each site directory, as its own metadata tells it."""

import re
from collections.abc import Iterator
from typing import Final

from packaging.utils import canonicalize_name

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap
from layerscope.facts.python.environments import PythonEnvironment, find_environments
from layerscope.facts.python.metadata_extractor import PythonMetadataExtractor, find_problem, read_kept
from layerscope.facts.python.record_extractor import RecordExtractor
from layerscope.facts.python.records import find_records
from layerscope.formats.direct_url import DirectUrl
from layerscope.formats.dist_metadata import DistMetadata
from layerscope.formats.entry_points import EntryPoint
from layerscope.formats.wheel_file import WheelFile

DISTRIBUTIONS_LIMIT: Final = 20_000
"""Distributions of one image; the largest environments have some 1,000."""

PIP_LIKE: Final = frozenset({"pip", "uv", "poetry", "pdm", "rye", "flit", "conda"})
"""Installers that answer for files and requirements themselves."""

COMMANDS_LIMIT: Final = 50
"""Commands that one fact names."""

_FOLDER: Final = re.compile(r"(.+?)(?:-([^-]+)(?:-.*)?)?\.(dist-info|egg-info|egg)")
_COMMAND_GROUP: Final = "console_scripts"


class Distribution(Fact, frozen=True):
    """One installed distribution; the evidence is its dist-info or egg-info.

    `key` is the name as indexes compare it, `environment` the place of the environment whose `site` it lies in. `tags`
    are those of its wheel, `requires` the Requires-Dist lines as written. `size` and `files` are what RECORD tells,
    None where there is none. `has_metadata` is False where only a remnant of the dist-info is left.
    """

    name: str
    key: str
    version: str
    environment: str
    site: str
    layer: int
    instruction: str
    tags: tuple[str, ...] = ()
    is_pure: bool = False
    requires: tuple[str, ...] = ()
    requires_python: str = ""
    installer: str = ""
    url: str = ""
    is_editable: bool = False
    commands: tuple[str, ...] = ()
    size: int | None = None
    files: int | None = None
    has_metadata: bool = True

    @property
    def is_of_system(self) -> bool:
        """Whether the operating system's package manager installed it, which strips, splits and patches as it likes."""
        return self.site.startswith("usr/lib") and self.installer not in PIP_LIKE


def find_distributions(context: FactContext) -> tuple[Distribution, ...]:
    """The distributions of every environment, site by site, sorted by folder; each site is told once."""
    found: list[Distribution] = []
    seen: set[str] = set()
    for environment in context.shared(find_environments):
        for site in environment.sites:
            if site not in seen:
                seen.add(site)
                found += _list_site(context, environment, site)
    return tuple(found[:DISTRIBUTIONS_LIMIT])


class DistributionCollector(Collector):
    """Tells the distributions, and which descriptions could not be read."""

    name = "python.distributions"
    extractors = (PythonMetadataExtractor(), RecordExtractor())

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield one fact a distribution, then a gap for each visible file that did not parse."""
        distributions = context.shared(find_distributions)
        yield from distributions
        if len(distributions) == DISTRIBUTIONS_LIMIT:
            yield Gap("Python distributions", "image", f"more than {DISTRIBUTIONS_LIMIT:,}; the rest is not told")
        folders = {distribution.evidence.path for distribution in distributions}
        for name in (PythonMetadataExtractor.name, RecordExtractor.name):
            for layer, path, kept in context.extracts(name):
                problem = find_problem(kept)
                node = context.tree.get(path) if problem and path.rpartition("/")[0] in folders else None
                if node is not None and node.content_layer == layer:
                    yield Gap("a Python distribution's description", f"/{path}", problem)


def _list_site(context: FactContext, environment: PythonEnvironment, site: str) -> Iterator[Distribution]:
    """The distributions of one site directory."""
    for path in context.tree.children(site):
        if path.endswith(("-info", ".egg")):
            named = _FOLDER.fullmatch(path.rpartition("/")[2])
            if named is not None and not named[1].startswith("~"):
                yield _describe(context, environment, path, (named[1], named[2] or ""))


def _describe(context: FactContext, environment: PythonEnvironment, path: str, named: tuple[str, str]) -> Distribution:
    """The fact of one dist-info, egg-info or egg; what its metadata does not tell, the folder's name does."""
    tree = context.tree
    folder = f"{path}/EGG-INFO" if path.endswith(".egg") else path
    place = next((p for p in (f"{folder}/METADATA", f"{folder}/PKG-INFO", folder) if p in tree), path)
    metadata = read_kept(context, tree.resolve(place), DistMetadata)
    wheel = read_kept(context, tree.resolve(f"{folder}/WHEEL"), WheelFile)
    url = read_kept(context, tree.resolve(f"{folder}/direct_url.json"), DirectUrl)
    points = read_kept(context, tree.resolve(f"{folder}/entry_points.txt"), tuple[EntryPoint, ...]) or ()
    requires = metadata.requires if metadata is not None else ()
    if not requires:
        requires = read_kept(context, tree.resolve(f"{folder}/requires.txt"), tuple[str, ...]) or ()
    record = context.shared(find_records).get(folder)
    node = tree.resolve(place)
    layer = node.content_layer if node is not None and not node.is_implied else 0
    name = metadata.name if metadata is not None else named[0]
    return Distribution(
        evidence=Evidence(layer=layer, path=path),
        name=name,
        key=canonicalize_name(name),
        version=metadata.version if metadata is not None else named[1],
        environment=environment.place,
        site=path.rpartition("/")[0],
        layer=layer,
        instruction=context.instruction(layer),
        tags=wheel.tags if wheel is not None else (),
        is_pure=wheel.is_pure if wheel is not None else False,
        requires=requires,
        requires_python=metadata.requires_python if metadata is not None else "",
        installer=read_kept(context, tree.resolve(f"{folder}/INSTALLER"), str) or "",
        url=url.url if url is not None else "",
        is_editable=url.is_editable if url is not None else False,
        commands=tuple(point.name for point in points if point.group == _COMMAND_GROUP)[:COMMANDS_LIMIT],
        size=record.size if record is not None else None,
        files=len(record.paths) if record is not None else None,
        has_metadata=metadata is not None,
    )
