"""Needs that nothing meets: libraries that a root's process asks for and the loader does not find."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from msgspec import Struct

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.elf.loader_files import find_conf_folders
from layerscope.facts.elf.reach import Place, Reach, find_package, find_place, find_reach, is_central
from layerscope.facts.elf.resolution import Resolution, find_resolution
from layerscope.facts.elf.roots import find_site
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap, tell_cut

ELSEWHERE_LIMIT: Final = 5
"""Files of the needed name that a fact lists."""

NEEDS_LIMIT: Final = 1000
"""Unmet needs that are kept; where more are, a whole system is broken."""


class UnmetNeed(Fact, frozen=True):
    """One object's need that fails when one of its roots starts or is imported.

    `unusable` is the file that the loader finds and cannot load. `elsewhere` are files of that name in the image which
    it does not find; `is_bundled` says that one lies in the object's own site directory, where its package may open it
    first, `is_uncached` that one lies where ldconfig would look. `removed_by` is the layer that removed `removed_path`,
    by `removed_instruction`.
    `failing` of the package's `modules` have some unmet need.
    """

    place: Place
    needed: str
    reach: Reach
    unusable: str | None
    elsewhere: tuple[str, ...]
    is_bundled: bool
    is_uncached: bool
    removed_by: int | None
    removed_path: str
    removed_instruction: str
    failing: int
    modules: int


class UnreachedNeed(Fact, frozen=True):
    """A name that objects which nothing reaches need in vain: plugins that some program may open, or never."""

    needed: str
    objects: int
    example: Place


class UnmetNeedCollector(Collector):
    """Collects what replays could not resolve."""

    name = "elf.unmet-needs"

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield unmet needs by object, then those of objects out of reach, by name."""
        resolution = context.shared(find_resolution)
        found: dict[tuple[str, str], str | None] = {}
        for replayed in resolution.roots:
            for item, edge in replayed.unmet:
                found.setdefault((item.path, edge.needed), edge.path)
        central = [replayed for replayed in resolution.roots if is_central(replayed.root)]
        modules = Counter(find_package(replayed.root.path) for replayed in central)
        failing = Counter(find_package(replayed.root.path) for replayed in central if replayed.unmet)
        unreached = find_unreached(resolution)
        names = {needed for _, needed in found}
        traces = find_traces(context, names)
        conf = tuple(filter(None, (_real_folder(context, folder) for folder in find_conf_folders(context))))
        yield from tell_cut("unmet needs of ELF objects", len(found), NEEDS_LIMIT)
        for (path, needed), unusable in sorted(found.items(), key=lambda each: each[0])[:NEEDS_LIMIT]:
            place = find_place(context, resolution, path)
            trace = traces.get(needed.rpartition("/")[2], _NOTHING)
            reach = find_reach(resolution, path)
            sites = {find_site(path), find_site(reach.chain[0])} - {""}
            yield UnmetNeed(
                evidence=Evidence(layer=place.layer, path=path, detail=needed),
                place=place,
                needed=needed,
                reach=reach,
                unusable=unusable,
                elsewhere=trace.present[:ELSEWHERE_LIMIT],
                is_bundled=any(other.startswith(f"{site}/") for other in trace.present for site in sites),
                is_uncached=any(other.rpartition("/")[0] in conf for other in trace.present),
                removed_by=trace.removed_by,
                removed_path=trace.removed_path,
                removed_instruction=context.instruction(trace.removed_by),
                failing=failing[reach.package],
                modules=modules[reach.package],
            )
        for needed, paths in sorted(unreached.items()):
            example = find_place(context, resolution, min(paths))
            yield UnreachedNeed(Evidence(layer=example.layer, path=example.path), needed, len(paths), example)


class Trace(Struct, frozen=True):
    """What the image has or had of a name."""

    present: tuple[str, ...] = ()
    removed_by: int | None = None
    removed_path: str = ""


_NOTHING: Final = Trace()


def find_unreached(resolution: Resolution) -> Mapping[str, list[str]]:
    """For each name that objects out of reach need in vain, those objects."""
    found: dict[str, list[str]] = {}
    for path, item in resolution.objects.items():
        if path in resolution.reached or not item.elf.needed:
            continue
        replayed = resolution.replay(path)
        for edge in replayed.loaded.edges if replayed is not None else ():
            if edge.is_unmet and edge.path is None:
                found.setdefault(edge.needed, []).append(path)
    return found


def find_traces(context: FactContext, names: Iterable[str]) -> Mapping[str, Trace]:
    """Where files of these names lie, and which layer removed one; one look at every path of the image."""
    wanted = {name.rpartition("/")[2] for name in names}
    present: dict[str, list[str]] = {}
    removed: dict[str, tuple[int, str]] = {}
    if not wanted:
        return {}
    for scan in context.scans:
        for path in scan.index.paths:
            name = path.rpartition("/")[2]
            if name not in wanted:
                continue
            if path in context.tree:
                present.setdefault(name, []).append(path)
            elif (layer := context.find_removal(path)) is not None:
                removed[name] = max(removed.get(name, (-1, "")), (layer, path))
    return {
        name: Trace(tuple(sorted(set(present.get(name, ())))), *removed.get(name, (None, "")))
        for name in {*present, *removed}
    }


def _real_folder(context: FactContext, folder: str) -> str | None:
    """A folder's real path."""
    node = context.tree.resolve(folder)
    return None if node is None else node.path
