"""Symbols that an object needs and nothing in its process defines: what importing it ends with."""

from collections.abc import Iterator
from typing import Final

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.elf.image_processes import ReplayedRoot
from layerscope.facts.elf.loaded_object import LoadedObject, iter_closure
from layerscope.facts.elf.loader_settings import LoaderKind
from layerscope.facts.elf.reach import Place, Reach, find_place, find_reach
from layerscope.facts.elf.resolution import find_resolution
from layerscope.facts.elf.search_step import SearchStep
from layerscope.facts.elf.symbol_scope import SymbolScope, Unresolved
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap, tell_cut

NAMES_LIMIT: Final = 10
"""Symbols that a fact lists."""

NAME_LIMIT: Final = 300
"""Characters of one; templates make names of thousands."""

LIBRARIES_LIMIT: Final = 200
"""Objects that a fact lists: the one that lacks the symbols may be any of them."""

OBJECTS_LIMIT: Final = 500
"""Objects with undefined symbols that are kept."""

BIND_NOW: Final = 0x8
"""DF_BIND_NOW: the loader looks all symbols up before the program runs."""

NOW: Final = 0x1
"""DF_1_NOW, which says the same."""


class UndefinedSymbols(Fact, frozen=True):
    """One object with strong symbols that nothing defines which is loaded with it.

    `libraries` are where the symbols were expected: the objects that it loads, and of those that these load the ones
    that LD_LIBRARY_PATH brings. `is_glibc_on_musl` marks objects that are made for another C library than the process
    has.
    """

    place: Place
    count: int
    names: tuple[str, ...]
    libraries: tuple[Place, ...]
    reach: Reach
    is_glibc_on_musl: bool


class UndefinedSymbolCollector(Collector):
    """Looks up the symbols of extension modules, which Python binds at once, and of programs that ask for the same."""

    name = "elf.undefined-symbols"

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield one fact an object."""
        resolution, scope = context.shared(find_resolution), SymbolScope()
        found: dict[str, tuple[Unresolved, ReplayedRoot]] = {}
        bound = [replayed for replayed in resolution.roots if binds_at_once(replayed)]
        scope.expect(bound)
        for replayed in bound:
            for unresolved in scope.find_unresolved(replayed):
                found.setdefault(unresolved.item.path, (unresolved, replayed))
        yield from tell_cut("objects with undefined symbols", len(found), OBJECTS_LIMIT)
        for path, (unresolved, replayed) in sorted(found.items(), key=lambda each: each[0])[:OBJECTS_LIMIT]:
            place = find_place(context, resolution, path)
            yield UndefinedSymbols(
                evidence=Evidence(layer=place.layer, path=path, detail=unresolved.names[0][:NAME_LIMIT]),
                place=place,
                count=len(unresolved.names),
                names=tuple(name[:NAME_LIMIT] for name in unresolved.names[:NAMES_LIMIT]),
                libraries=tuple(find_place(context, resolution, each) for each in list_sources(unresolved.item)),
                reach=find_reach(resolution, path),
                is_glibc_on_musl=replayed.kind is LoaderKind.MUSL and needs_glibc(unresolved),
            )


def list_sources(item: LoadedObject) -> list[str]:
    """The paths of what an object loads, then of what comes with that by LD_LIBRARY_PATH."""
    direct = [edge.target.path for edge in item.edges if edge.target is not None]
    brought = (
        edge.target.path
        for other in iter_closure(item)
        for edge in other.edges
        if edge.target is not None and edge.step is SearchStep.LIBRARY_PATH
    )
    return list(dict.fromkeys([*direct, *brought]))[:LIBRARIES_LIMIT]


def binds_at_once(replayed: ReplayedRoot) -> bool:
    """Whether a symbol that is not there ends the start or the import, and is not merely called some day."""
    if replayed.root.is_extension:
        return replayed.host is not None
    return bool(replayed.loaded.elf.flags & BIND_NOW or replayed.loaded.elf.flags_1 & NOW)


def needs_glibc(unresolved: Unresolved) -> bool:
    """Whether an object was linked to glibc."""
    return any(version.version.startswith("GLIBC_") for version in unresolved.item.elf.required_versions)
