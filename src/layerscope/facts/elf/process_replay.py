"""ProcessReplay: the objects that a program's process comes to hold, loaded one after the other as a loader does it."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from copy import copy
from typing import Final, Self

from layerscope.facts.elf.folder_search import Candidate, FolderSearch
from layerscope.facts.elf.loaded_object import Edge, LoadedObject, iter_closure
from layerscope.facts.elf.loader_settings import LoaderSettings
from layerscope.facts.elf.search_step import SearchStep
from layerscope.formats.elf_object import ElfObject

OBJECTS_LIMIT: Final = 20_000
"""Objects of one process; torch and TensorFlow together load 300."""

Found = tuple[Candidate, SearchStep]


class ProcessReplay(ABC):
    """A process; `start` runs a program in it, `open` is a dlopen, `fork` a process that goes on from here.

    An implementer says how a name is found among what is loaded, and how it is searched.
    """

    def __init__(
        self, settings: LoaderSettings, search: FolderSearch, *, is_injected: Callable[[str], bool] = lambda _: False
    ) -> None:
        """An empty process of a loader."""
        self.settings = settings
        self.objects: list[LoadedObject] = []
        """In the order of loading."""
        self.failed_preloads: list[str] = []
        self.globals: list[LoadedObject] = []
        """Those whose symbols are there for every object: the program's, and what is opened with RTLD_GLOBAL."""
        self.loader: LoadedObject | None = None
        """The loader's own object, which every process holds."""
        self._search = search
        self._is_injected = is_injected
        self._names: dict[str, LoadedObject] = {}
        self._paths: dict[str, LoadedObject] = {}
        self._folder_lists: dict[tuple[str, str], tuple[str, ...]] = {}
        """Folders by the text that names them and what `$ORIGIN` is in it; forks share it."""

    def fork(self) -> Self:
        """A process that holds the same objects and loads others without this one's noticing."""
        child = copy(self)
        child.objects = list(self.objects)
        child.globals = list(self.globals)
        child.failed_preloads = list(self.failed_preloads)
        child._names = dict(self._names)  # noqa: SLF001 - of its own class
        child._paths = dict(self._paths)  # noqa: SLF001 - of its own class
        return child

    def start(self, path: str, elf: ElfObject, *, found: str | None = None) -> LoadedObject:
        """Load a program with what is preloaded, and all that they need."""
        main = self._add(LoadedObject(path, found or f"/{path}", elf, None, SearchStep.ROOT))
        self._load_interpreter(elf)
        first = [main]
        for name in self.settings.preload:
            preloaded = self._preload(name, main)
            if preloaded is None:
                self.failed_preloads.append(name)
            elif preloaded not in first:
                first.append(preloaded)
        self._load_needs(first)
        self.globals = [*self.objects, *filter(None, (self.loader,))]
        return main

    def open(self, path: str, elf: ElfObject, *, caller: LoadedObject | None, is_global: bool = False) -> LoadedObject:
        """Load an object by its path, as dlopen called from `caller`, and all that it needs."""
        opened = self._paths.get(path)
        if opened is None:
            opened = self._add(LoadedObject(path, f"/{path}", elf, caller, SearchStep.ROOT))
            self._load_needs([opened])
        if is_global:
            self.globals = list(dict.fromkeys((*self.globals, *iter_closure(opened))))
        return opened

    @abstractmethod
    def _search_name(self, name: str, requester: LoadedObject) -> Found | None:
        """The file that a name without a slash leads to."""

    @abstractmethod
    def _names_of(self, item: LoadedObject, asked: str | None) -> tuple[str, ...]:
        """The names under which later needs meet an object; `asked` is the one that it was found by."""

    def search(self, name: str, requester: LoadedObject) -> Found | None:
        """Where a name without a slash would be found, were it not loaded already."""
        return self._search_name(name, requester)

    def _place(self, folder: str) -> str:
        """A folder from the root; relative ones begin in the working directory."""
        return folder if folder.startswith("/") else f"{self.settings.working_directory.rstrip('/')}/{folder}"

    def _expand(self, name: str, requester: LoadedObject) -> str:
        """A needed name with its tokens replaced."""
        return self.settings.tokens.expand(name, requester.origin)

    def _add(self, item: LoadedObject, asked: str | None = None) -> LoadedObject:
        """Take an object in."""
        self.objects.append(item)
        self._paths.setdefault(item.path, item)
        for name in self._names_of(item, asked):
            self._names.setdefault(name, item)
        return item

    def _load_interpreter(self, elf: ElfObject) -> None:
        """The loader itself is there before anything else, and is known by its SONAME."""
        path = self.settings.interpreter_path
        loader = None if path is None else self._search.open(f"/{path}")
        if path is None or path in self._paths or loader is None or loader.elf is None or not elf.is_dynamic:
            return
        item = LoadedObject(path, self.settings.interpreter, loader.elf, None, SearchStep.ROOT)
        self._paths[path] = item
        self.loader = item
        for name in self._names_of(item, self.settings.interpreter):
            self._names.setdefault(name, item)

    def _preload(self, name: str, main: LoadedObject) -> LoadedObject | None:
        """A library of the preload lists; None where the loader would say so and go on."""
        edge = self._resolve(name, main)
        if edge.target is not None and edge.target.step is not SearchStep.ROOT:
            edge.target.step = SearchStep.PRELOAD
        return edge.target

    def _load_needs(self, first: list[LoadedObject]) -> None:
        """Breadth first: the needs of each object in turn, in the order of its dynamic section."""
        pending, position = list(first), 0
        while position < len(pending) and len(self.objects) < OBJECTS_LIMIT:
            item = pending[position]
            position += 1
            for needed in item.elf.needed:
                before = len(self.objects)
                edge = self._resolve(needed, item)
                item.edges.append(edge)
                if len(self.objects) > before and edge.target is not None:
                    pending.append(edge.target)

    def _resolve(self, needed: str, requester: LoadedObject) -> Edge:
        """Where one need leads, loading what is not loaded yet."""
        name = self._expand(needed, requester) if "$" in needed else needed
        known = self._names.get(name)
        if known is not None:
            return Edge(needed, SearchStep.LOADED, known, known.path)
        if "/" in name:
            opened = self._search.open(self._place(name))
            found = None if opened is None else (opened, SearchStep.PATH)
        else:
            found = self._search_name(name, requester)
        if found is None:
            is_injected = self._is_injected(name)
            return Edge(needed, SearchStep.INJECTED if is_injected else SearchStep.NOWHERE)
        candidate, step = found
        known = self._paths.get(candidate.path)
        if known is not None:
            self._names.setdefault(name, known)
            return Edge(needed, SearchStep.LOADED, known, known.path)
        if candidate.elf is None:
            return Edge(needed, step, None, candidate.path)
        item = self._add(LoadedObject(candidate.path, candidate.found, candidate.elf, requester, step), name)
        return Edge(needed, step, item, item.path)
