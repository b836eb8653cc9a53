"""Libraries that LD_LIBRARY_PATH puts in place of those that an object would get by its own search path."""

from collections.abc import Iterator
from typing import Final

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.elf.reach import Place, Reach, find_place, find_reach
from layerscope.facts.elf.resolution import Resolution, find_resolution
from layerscope.facts.elf.search_step import SearchStep
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap, tell_cut

FACTS_LIMIT: Final = 500
"""Shadowed libraries that are kept."""


class ShadowedLibrary(Fact, frozen=True):
    """A library that wins by LD_LIBRARY_PATH over another file of its name, which `step` would have found.

    `folder` is the part of the variable that wins; `objects` counts the objects that ask for it, `reach` is that of the
    first, `example`. `is_same` says that both files are equal, byte for byte; `versions` are those that the example
    requires and the winner lacks.
    """

    name: str
    winner: Place
    shadowed: Place
    step: SearchStep
    folder: str
    example: Place
    reach: Reach
    objects: int
    is_same: bool
    versions: tuple[str, ...]


class ShadowedLibraryCollector(Collector):
    """Searches again without the variable."""

    name = "elf.shadowed-libraries"

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield one fact for each pair of files."""
        resolution = context.shared(find_resolution)
        found: dict[tuple[str, str, str], tuple[SearchStep, str, list[str]]] = {}
        for name, requester, winner, folder, shadowed, step in _iter_shadows(resolution):
            requesters = found.setdefault((name, winner, shadowed), (step, folder, []))[2]
            if requester not in requesters:
                requesters.append(requester)
        yield from tell_cut("shadowed libraries", len(found), FACTS_LIMIT)
        for (name, winner, shadowed), (step, folder, requesters) in sorted(found.items())[:FACTS_LIMIT]:
            example = min(requesters)
            place = find_place(context, resolution, winner)
            yield ShadowedLibrary(
                evidence=Evidence(layer=place.layer, path=winner, detail=folder),
                name=name,
                winner=place,
                shadowed=find_place(context, resolution, shadowed),
                step=step,
                folder=folder,
                example=find_place(context, resolution, example),
                reach=find_reach(resolution, example),
                objects=len(requesters),
                is_same=_digest(context, winner) == _digest(context, shadowed),
                versions=_find_lacking(resolution, name, winner, requesters),
            )


def _iter_shadows(resolution: Resolution) -> Iterator[tuple[str, str, str, str, str, SearchStep]]:
    """Name, requester, winner, the winner's folder, shadowed file and the step that would find it."""
    known: set[int] = set()
    for replayed in resolution.roots:
        for item in replayed.objects:
            if id(item) in known:
                continue
            known.add(id(item))
            for edge in item.edges:
                target = edge.target
                if edge.step is not SearchStep.LIBRARY_PATH or target is None or target.elf is None:
                    continue
                plain = resolution.processes.make_process(replayed.loaded.elf, without_library_path=True)
                plain.objects.append(replayed.globals[0] if replayed.globals else replayed.loaded)
                other = plain.search(edge.needed, item)
                if other is not None and other[0].elf is not None and other[0].path != target.path:
                    folder = target.found.rpartition("/")[0]
                    yield edge.needed, item.path, target.path, folder, other[0].path, other[1]


def _digest(context: FactContext, path: str) -> bytes | None:
    """A file's digest."""
    node = context.tree.get(path)
    return None if node is None else node.digest


def _find_lacking(resolution: Resolution, name: str, winner: str, requesters: list[str]) -> tuple[str, ...]:
    """Versions that the requesters need of the library and the winner does not have."""
    provided = set(resolution.objects[winner].elf.provided_versions)
    wanted = {
        version.version
        for path in requesters
        for version in resolution.objects[path].elf.required_versions
        if version.library == name and not version.is_weak
    }
    return tuple(sorted(wanted - provided))[:8] if provided else ()
