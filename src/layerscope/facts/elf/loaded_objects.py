"""LoadedObjects: what the roots that matter most load, and by which of the loader's steps each of it is found."""

from collections.abc import Iterable, Iterator
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.elf.image_processes import ReplayedRoot
from layerscope.facts.elf.reach import find_package, is_central
from layerscope.facts.elf.resolution import find_resolution
from layerscope.facts.elf.roots import RootKind
from layerscope.facts.elf.search_step import SearchStep
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap

ROOTS_LIMIT: Final = 20
"""Roots that are told: an image has hundreds of programs that load little more than the C library, and every fact is
read again by a warm audit; 20 take less than 100 kB, PyTorch's own modules among them."""

LOADS_LIMIT: Final = 200
"""Libraries of one root that are told; PyTorch's own module loads some 30."""

_RANKS: Final = {RootKind.ENTRY: 0, RootKind.PROGRAM: 2, RootKind.OTHER_PROGRAM: 3, RootKind.STANDARD_MODULE: 4}
_LEADING: Final = 1
_LAST: Final = 5


class LoadedLibrary(Struct, frozen=True):
    """A needed name, the real path of the file that is loaded (None if none), by which step, and which object needs it.

    `by` is the name of the first object in the order of loading that does.
    """

    needed: str
    path: str | None
    step: SearchStep
    by: str


class LoadedObjects(Fact, frozen=True):
    """One root with all that it loads, in the order in which symbols are looked up.

    `python` is the interpreter that imports an extension module, empty for a program. `objects` counts what is loaded,
    the root included, `unmet` the needs that nothing meets; `loads` is cut at a ceiling. `alike` counts others that
    load the same and are not told: programs of that kind, or modules of the same package.
    """

    path: str
    layer: int
    kind: RootKind
    python: str
    objects: int
    unmet: int
    loads: tuple[LoadedLibrary, ...]
    alike: int = 0


class LoadedObjectsCollector(Collector):
    """Tells the replays of the weightiest roots."""

    name = "elf.loaded-objects"

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield the entrypoint, the modules that imports load at once, then programs; of each the heaviest first."""
        resolution = context.shared(find_resolution)
        leading = find_leading(resolution.roots)
        told: dict[object, LoadedObjects] = {}
        for replayed in sorted(resolution.roots, key=lambda each: _weigh(each, leading)):
            fact = _tell(replayed, resolution.objects[replayed.root.path].layer)
            same = frozenset((load.needed, load.path, load.step) for load in fact.loads)
            key = fact.kind, replayed.root.site, find_package(fact.path), same
            known = told.get(key)
            if known is not None:
                told[key] = replace(known, alike=known.alike + 1)
            elif len(told) < ROOTS_LIMIT:
                told[key] = fact
        yield from told.values()


def find_leading(roots: Iterable[ReplayedRoot]) -> frozenset[str]:
    """The paths of the modules that importing their packages loads at once, as far as places tell.

    They are those directly in their package, and of a package that has none there, like NumPy, the one that loads most.
    """
    central: list[ReplayedRoot] = []
    deeper: dict[tuple[str, str], ReplayedRoot] = {}
    for replayed in roots:
        root = replayed.root
        if is_central(root):
            central.append(replayed)
        elif root.kind is RootKind.EXTENSION:
            package = root.site, find_package(root.path)
            if package not in deeper or len(replayed.objects) > len(deeper[package].objects):
                deeper[package] = replayed
    for replayed in central:
        deeper.pop((replayed.root.site, find_package(replayed.root.path)), None)
    return frozenset(replayed.root.path for replayed in (*central, *deeper.values()))


def _weigh(replayed: ReplayedRoot, leading: frozenset[str]) -> tuple[int, bool, int, str]:
    """The order of roots: what the image is for, then what fails, then what loads most."""
    root = replayed.root
    rank = _LEADING if root.path in leading else _RANKS.get(root.kind, _LAST)
    return rank, not replayed.unmet, -len(replayed.objects), root.path


def _tell(replayed: ReplayedRoot, layer: int) -> LoadedObjects:
    """The fact of one root."""
    root = replayed.root
    return LoadedObjects(
        evidence=Evidence(layer=layer, path=root.path),
        path=root.path,
        layer=layer,
        kind=root.kind,
        python=root.python if replayed.host is not None else "",
        objects=len(replayed.objects),
        unmet=len(replayed.unmet),
        loads=tuple(_list_loads(replayed)[:LOADS_LIMIT]),
    )


def _list_loads(replayed: ReplayedRoot) -> list[LoadedLibrary]:
    """Each name once with what it leads to; of a library that was loaded before, the step that found it then."""
    found: dict[tuple[str, str | None], LoadedLibrary] = {}
    for item in replayed.objects:
        by = item.path.rpartition("/")[2]
        for edge in item.edges:
            target = edge.target
            path, step = (edge.path, edge.step) if target is None else (target.path, target.step)
            found.setdefault((edge.needed, path), LoadedLibrary(edge.needed, path, step, by))
    return list(found.values())
