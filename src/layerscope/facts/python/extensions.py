"""Extension modules by the tags in their names, held against the interpreter of their environment."""

from bisect import bisect_left
from collections.abc import Iterator
from typing import Final

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap
from layerscope.facts.python.distributions import find_distributions
from layerscope.facts.python.environments import PythonEnvironment, find_environments
from layerscope.facts.python.metadata_extractor import PythonMetadataExtractor
from layerscope.facts.python.record_extractor import RecordExtractor
from layerscope.facts.python.records import find_records
from layerscope.facts.python.sites import DEBIAN_SITE
from layerscope.formats.extension_suffix import ExtensionSuffix, parse_extension_suffix

EXAMPLES: Final = 10
"""Modules that one fact names."""

_AFTER_SLASH: Final = "0"
"""The character that follows the slash, so that a range of sorted paths ends with it."""

_STABLE_SINCE: Final = (3, 15)
"""The first version whose builds without the lock have a stable ABI, `abi3t` (PEP 803)."""


class UnloadableExtensions(Fact, frozen=True):
    """Extension modules of one package and tag that the environment's interpreter does not look for.

    `package` is the first part of their paths below the site, `distribution` the one whose RECORD lists them (`numpy
    1.26.4`, empty where none does). `wanted` is the interpreter's own tag, or its version
    where the tag is not known. Modules that lie beside one of the same name that does load are not counted.
    """

    environment: str
    site: str
    package: str
    distribution: str
    tag: str
    wanted: str
    reason: str
    """`version`, `platform`, `libc`, `threading` or `implementation`: what differs."""
    count: int
    examples: tuple[str, ...]
    layer: int
    instruction: str


class ExtensionCollector(Collector):
    """Looks at the names of all shared objects below the site directories."""

    name = "python.extensions"
    extractors = (PythonMetadataExtractor(), RecordExtractor())

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield one fact a site, package and tag."""
        for environment in context.shared(find_environments):
            if environment.kind == "orphaned":
                continue
            for site in environment.sites:
                if site != DEBIAN_SITE:  # has modules for each Python that Debian builds for
                    yield from _judge_site(context, environment, site)


def find_extension_paths(context: FactContext) -> tuple[str, ...]:
    """The visible paths that end in `.so`, sorted."""
    found: set[str] = set()
    for scan in context.scans:
        found.update(path for path in scan.index.paths if path.endswith(".so"))
    return tuple(sorted(path for path in found if path in context.tree))


def list_below(paths: tuple[str, ...], folder: str) -> tuple[str, ...]:
    """Those of sorted paths that lie below a folder."""
    return paths[bisect_left(paths, f"{folder}/") : bisect_left(paths, f"{folder}{_AFTER_SLASH}")]


def find_mismatch(environment: PythonEnvironment, suffix: ExtensionSuffix) -> str:
    """In what a module's tag differs from what the interpreter loads; empty where it loads, or nothing shows."""
    if not suffix.tag or suffix.tag == environment.soabi:
        return ""
    if suffix.tag in {"abi3", "abi3t"}:
        return _judge_stable(environment, suffix.tag)
    if suffix.implementation != environment.implementation:
        return "implementation"
    if suffix.version != environment.series:
        return "version"
    if ("t" in suffix.flags) != environment.is_free_threaded:
        return "threading"
    wanted = parse_extension_suffix(f"_.{environment.soabi}.so") if environment.soabi else None
    if wanted is not None and suffix.platform and wanted.platform and suffix.platform != wanted.platform:
        return "libc" if suffix.platform.rpartition("-")[0] == wanted.platform.rpartition("-")[0] else "platform"
    return ""


def _judge_stable(environment: PythonEnvironment, tag: str) -> str:
    """Whether the interpreter loads modules of a stable ABI."""
    if environment.implementation != "cpython":
        return "implementation"
    if not environment.is_free_threaded:
        return ""
    version = tuple(int(part) for part in environment.series.split("."))
    return "" if tag == "abi3t" and version >= _STABLE_SINCE else "threading"


def _judge_site(context: FactContext, environment: PythonEnvironment, site: str) -> Iterator[UnloadableExtensions]:
    """The facts of one site directory."""
    groups: dict[tuple[str, str, str], list[str]] = {}
    loadable: set[str] = set()
    for path in list_below(context.shared(find_extension_paths), site):
        folder, _, name = path.rpartition("/")
        suffix = parse_extension_suffix(name)
        if suffix is None:
            continue
        reason = find_mismatch(environment, suffix)
        if reason:
            package = path[len(site) + 1 :].partition("/")[0].partition(".")[0]
            groups.setdefault((package, suffix.tag, reason), []).append(path)
        else:
            loadable.add(f"{folder}/{suffix.module}")
    for (package, tag, reason), paths in sorted(groups.items()):
        alone = [path for path in paths if not _has_stand_in(context, path, loadable)]
        if alone:
            yield _describe(context, environment, (site, package, tag, reason), alone)


def _has_stand_in(context: FactContext, path: str, loadable: set[str]) -> bool:
    """Whether a module of the same name lies beside that the interpreter does load, compiled or as source."""
    module = path.rpartition("/")[0] + "/" + path.rpartition("/")[2].partition(".")[0]
    return module in loadable or f"{module}.py" in context.tree


def find_owner(context: FactContext, path: str) -> str:
    """The distribution whose RECORD lists a shared object, as `NAME VERSION`; empty where none does."""
    return context.shared(_find_owners).get(path, "")


def _find_owners(context: FactContext) -> dict[str, str]:
    """The distribution of every shared object that a RECORD lists."""
    records = context.shared(find_records)
    owners = {}
    for item in context.shared(find_distributions):
        record = records.get(item.evidence.path or "")
        paths = record.paths if record is not None else ()
        owners.update({path: f"{item.name} {item.version}" for path in paths if path.endswith(".so")})
    return owners


def _describe(
    context: FactContext, environment: PythonEnvironment, group: tuple[str, str, str, str], paths: list[str]
) -> UnloadableExtensions:
    """The fact of one group."""
    site, package, tag, reason = group
    node = context.tree.get(paths[0])
    assert node is not None, "only visible paths are listed"
    series = f"{environment.implementation} {environment.series}{'t' if environment.is_free_threaded else ''}"
    return UnloadableExtensions(
        evidence=Evidence(layer=node.layer, path=paths[0]),
        environment=environment.place,
        site=site,
        package=package,
        distribution=find_owner(context, paths[0]),
        tag=tag,
        wanted=environment.soabi or series,
        reason=reason,
        count=len(paths),
        examples=tuple(paths[:EXAMPLES]),
        layer=node.layer,
        instruction=context.instruction(node.layer),
    )
