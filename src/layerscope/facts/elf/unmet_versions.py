"""Symbol versions that an object requires and the library which the loader chose does not have."""

from collections.abc import Iterator, Mapping
from typing import Final

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.elf.image_processes import ReplayedRoot
from layerscope.facts.elf.libc import find_newest, split_version
from layerscope.facts.elf.loaded_object import LoadedObject
from layerscope.facts.elf.loader_settings import LoaderKind
from layerscope.facts.elf.reach import Place, Reach, find_place, find_reach
from layerscope.facts.elf.resolution import Resolution, find_resolution
from layerscope.facts.elf.search_step import SearchStep
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap, tell_cut

VERSIONS_LIMIT: Final = 8
"""Missing versions that a fact lists."""

FACTS_LIMIT: Final = 1000
"""Objects with unmet versions that are kept."""


class UnmetSymbolVersion(Fact, frozen=True):
    """One object and one library that lacks versions it requires, so that the loader refuses the object.

    `versions` are those that lack, newest last; `newest` is the newest of the same family that the library has. `step`
    says how the library was found, `better` names other files of the library's name in the image that have them all.
    """

    place: Place
    library: str
    versions: tuple[str, ...]
    newest: str
    provider: Place
    step: SearchStep
    reach: Reach
    better: tuple[str, ...]


class UnmetSymbolVersionCollector(Collector):
    """Compares what is required with what the chosen libraries have, as ld.so does once all are loaded."""

    name = "elf.unmet-versions"

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield one fact an object and library."""
        resolution = context.shared(find_resolution)
        found: dict[tuple[str, str], tuple[str, LoadedObject, tuple[str, ...]]] = {}
        for replayed in resolution.roots:
            if replayed.kind is LoaderKind.MUSL:
                continue  # it knows no symbol versions
            for item in replayed.objects:
                for library, provider, missing in _iter_missing(replayed, item):
                    found.setdefault((item.path, provider.path), (library, provider, missing))
        yield from tell_cut("unmet symbol versions", len(found), FACTS_LIMIT)
        for (path, _), (library, provider, missing) in sorted(found.items(), key=lambda each: each[0])[:FACTS_LIMIT]:
            place = find_place(context, resolution, path)
            family = missing[-1].rpartition("_")[0]
            newest = find_newest(provider.elf.provided_versions, family)
            yield UnmetSymbolVersion(
                evidence=Evidence(layer=place.layer, path=path, detail=missing[-1]),
                place=place,
                library=library,
                versions=missing[-VERSIONS_LIMIT:],
                newest=f"{family}_{newest}" if newest else "",
                provider=find_place(context, resolution, provider.path),
                step=provider.step,
                reach=find_reach(resolution, path),
                better=_find_better(resolution, library, missing),
            )


def _iter_missing(replayed: ReplayedRoot, item: LoadedObject) -> Iterator[tuple[str, LoadedObject, tuple[str, ...]]]:
    """The libraries of an object that lack versions, with those, oldest first; weak ones may lack."""
    wanted: dict[str, list[str]] = {}
    for version in item.elf.required_versions:
        if not version.is_weak:
            wanted.setdefault(version.library, []).append(version.version)
    for library, versions in wanted.items():
        provider = _find_provider(replayed, item, library)
        if provider is None or not provider.elf.provided_versions:
            continue
        missing = set(versions) - set(provider.elf.provided_versions)
        if missing:
            yield library, provider, tuple(sorted(missing, key=order_version))


def _find_provider(replayed: ReplayedRoot, item: LoadedObject, library: str) -> LoadedObject | None:
    """The loaded object that a version's library name means."""
    for edge in item.edges:
        if edge.needed == library:
            return edge.target
    everything = (*replayed.objects, *replayed.globals)
    return next((other for other in everything if other.elf.soname == library), None)


def _find_better(resolution: Resolution, library: str, missing: tuple[str, ...]) -> tuple[str, ...]:
    """Files in the image with the library's SONAME that have the versions."""
    found = [path for path in resolution.by_soname.get(library, ()) if _has_all(resolution, path, missing)]
    return tuple(sorted(found)[:3])


def _has_all(resolution: Resolution, path: str, versions: tuple[str, ...]) -> bool:
    """Whether an object has all of these versions."""
    provided: Mapping[str, None] = dict.fromkeys(resolution.objects[path].elf.provided_versions)
    return all(version in provided for version in versions)


def order_version(version: str) -> tuple[tuple[int, ...], str]:
    """By number, then by name."""
    return split_version(version.rpartition("_")[2]), version
