"""Resolution: what each object's needs lead to, replayed once and shared by all families of facts."""

from collections.abc import Mapping
from functools import cached_property

from msgspec import Struct

from layerscope.errors import PolicyError
from layerscope.facts.context import FactContext
from layerscope.facts.elf.file_view import TreeView
from layerscope.facts.elf.image_processes import ImageProcesses, ReplayedRoot
from layerscope.facts.elf.loaded_object import LoadedObject
from layerscope.facts.elf.loader_settings import LoaderSettings
from layerscope.facts.elf.objects import ImageObject, find_objects
from layerscope.facts.elf.roots import Root, RootKind, find_roots, find_site
from layerscope.facts.elf.search_path import find_settings
from layerscope.facts.elf.search_step import SearchStep


class ResolvedNeed(Struct, frozen=True):
    """A needed name, the real path of the file that the loader takes (None if none), and the step that found it."""

    needed: str
    path: str | None
    step: SearchStep


class Resolution:
    """Roots with their replays, and for any other object a replay when it is asked for."""

    def __init__(self, roots: tuple[Root, ...], processes: ImageProcesses, objects: Mapping[str, ImageObject]) -> None:
        """Nothing is replayed before it is asked for."""
        self.objects = objects
        self.processes = processes
        self._roots = roots
        self._by_path = {root.path: root for root in roots}
        self._pythons = {root.site: root.python for root in roots if root.site}
        self._answers: dict[str, ReplayedRoot] = {}

    @cached_property
    def roots(self) -> tuple[ReplayedRoot, ...]:
        """Every root, replayed, sorted by path."""
        return tuple(map(self._replay, self._roots))

    @cached_property
    def reached(self) -> Mapping[str, tuple[ReplayedRoot, ...]]:
        """For each object that some root loads, the roots that do, the weightiest first, then by length and path."""
        found: dict[str, list[ReplayedRoot]] = {}
        for replayed in sorted(self.roots, key=lambda each: _weigh(each.root)):
            for item in replayed.objects:
                found.setdefault(item.path, []).append(replayed)
        return {path: tuple(roots) for path, roots in found.items()}

    @cached_property
    def by_soname(self) -> Mapping[str, tuple[str, ...]]:
        """The objects of each SONAME, sorted."""
        found: dict[str, list[str]] = {}
        for path, item in self.objects.items():
            if item.elf.soname:
                found.setdefault(item.elf.soname, []).append(path)
        return {soname: tuple(sorted(paths)) for soname, paths in found.items()}

    def siblings(self, folder: str) -> tuple[str, ...]:
        """The names of the objects directly in a folder."""
        return self._folders.get(folder, ())

    @cached_property
    def _folders(self) -> Mapping[str, tuple[str, ...]]:
        """Names by folder."""
        found: dict[str, list[str]] = {}
        for path in self.objects:
            folder, _, name = path.rpartition("/")
            found.setdefault(folder, []).append(name)
        return {folder: tuple(names) for folder, names in found.items()}

    def replay(self, path: str) -> ReplayedRoot | None:
        """What becomes of an object that is started, imported or opened; None where there is no such object."""
        if path in self._answers:
            return self._answers[path]
        if path not in self.objects:
            return None
        return self._replay(self._by_path.get(path) or self._as_root(path))

    def closure(self, path: str) -> tuple[str, ...]:
        """The real paths of what an object loads, itself first, in the order of loading."""
        replayed = self.replay(path)
        return () if replayed is None else tuple(item.path for item in replayed.objects)

    def needs(self, path: str) -> tuple[ResolvedNeed, ...]:
        """What each of an object's own needs leads to."""
        replayed = self.replay(path)
        return () if replayed is None else resolve_needs(replayed.loaded)

    def _replay(self, root: Root) -> ReplayedRoot:
        """A root's replay, kept."""
        if root.path not in self._answers:
            self._answers[root.path] = self.processes.replay(root)
        return self._answers[root.path]

    def _as_root(self, path: str) -> Root:
        """A library: opened by the Python of its site directory where it lies in one, else alone."""
        site = find_site(path)
        python = self._pythons.get(site, "")
        kind = RootKind.EXTENSION if python else RootKind.OTHER_PROGRAM
        return Root(path, kind, site, python)


def _weigh(root: Root) -> tuple[int, int, str]:
    """The order in which roots are named: what an image is for first, then what lies less deep."""
    return list(RootKind).index(root.kind), len(root.path), root.path


def find_resolution(context: FactContext) -> Resolution:
    """The image's resolution; to be asked for by `context.shared`."""
    objects = context.shared(find_objects)
    elves = {path: item.elf for path, item in objects.items()}

    def settings(interpreter: str, bits: int, machine: int) -> LoaderSettings:
        return find_settings(context, interpreter, bits=bits, machine=machine)

    processes = ImageProcesses(
        TreeView(context.tree, elves), elves, settings, is_injected=lambda name: is_injected(context, name)
    )
    return Resolution(find_roots(context, elves), processes, objects)


def resolve_needs(item: LoadedObject) -> tuple[ResolvedNeed, ...]:
    """An object's needs as values; of a library that was loaded before, the step that found it then."""
    return tuple(
        ResolvedNeed(edge.needed, edge.path, edge.target.step if edge.target is not None else edge.step)
        for edge in item.edges
    )


def is_injected(context: FactContext, name: str) -> bool:
    """Whether the NVIDIA runtime brings a library; without a readable table of them, none."""
    try:
        return context.policies.injected.find_capability(name) is not None
    except PolicyError:
        return False
