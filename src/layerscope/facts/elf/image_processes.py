"""ImageProcesses: the processes of an image, replayed: one a program, and for an extension module its Python's."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace

from layerscope.facts.elf.file_view import FileView
from layerscope.facts.elf.folder_search import FolderSearch
from layerscope.facts.elf.glibc_replay import GlibcReplay
from layerscope.facts.elf.loaded_object import Edge, LoadedObject, iter_closure
from layerscope.facts.elf.loader_settings import LoaderKind, LoaderSettings
from layerscope.facts.elf.musl_replay import MuslReplay
from layerscope.facts.elf.process_replay import ProcessReplay
from layerscope.facts.elf.python_scope import PythonScope
from layerscope.facts.elf.roots import Root
from layerscope.facts.elf.search_path import USUAL_LOADERS
from layerscope.formats.elf_object import ElfObject

FindSettings = Callable[[str, int, int], LoaderSettings]
"""From an ELF interpreter, class bits and machine to the loader's settings."""


class ReplayedRoot:
    """A root with what became of it.

    `loaded` is its own object and `objects` all that it loaded, itself first, in the order in which its symbols are
    looked up; `kind` says whose loader did. `globals` are the objects that all of the process may take symbols from.
    `host` is the program that imports an extension module.
    """

    __slots__ = ("failed_preloads", "globals", "host", "kind", "loaded", "objects", "root")

    def __init__(self, root: Root, process: ProcessReplay, loaded: LoadedObject, host: ProcessReplay | None) -> None:
        """Take what is wanted of a process."""
        self.root = root
        self.loaded = loaded
        self.objects = iter_closure(loaded)
        self.host = None if host is None else host.objects[0]
        self.globals = process.globals
        self.kind = process.settings.kind
        self.failed_preloads = tuple(process.failed_preloads)

    @property
    def unmet(self) -> list[tuple[LoadedObject, Edge]]:
        """The needs of all these objects that nothing meets, in the order of loading."""
        return [(item, edge) for item in self.objects for edge in item.edges if edge.is_unmet]


class ImageProcesses:
    """Replays roots; Python's own process and what `import torch` leaves in it are replayed once a site directory."""

    def __init__(
        self,
        files: FileView,
        objects: Mapping[str, ElfObject],
        find_settings: FindSettings,
        *,
        is_injected: Callable[[str], bool] = lambda _: False,
    ) -> None:
        """Replay over these objects, by real path."""
        self.objects = objects
        self._files = files
        self._find_settings = find_settings
        self._is_injected = is_injected
        self._settings: dict[tuple[str, int, int], LoaderSettings] = {}
        self._searches: dict[tuple[str, int, int], FolderSearch] = {}
        self._usual: dict[tuple[int, int], str] = {}
        self._hosts: dict[str, ProcessReplay | None] = {}
        self._scopes: dict[tuple[str, str], PythonScope] = {}
        self._paths = sorted(objects)

    def replay(self, root: Root) -> ReplayedRoot:
        """The root's process."""
        elf = self.objects[root.path]
        host = self.host_of(root) if root.is_extension else None
        if host is None:
            process = self.make_process(elf)
            loaded = process.start(root.path, elf)
            return ReplayedRoot(root, process, loaded, None)
        scope = self._scope_of(root, host)
        best: ReplayedRoot | None = None
        for state in scope.iter_states(elf):
            process = state.fork()
            loaded = process.open(root.path, elf, caller=find_caller(process))
            tried = ReplayedRoot(root, process, loaded, host)
            if best is None or len(tried.unmet) < len(best.unmet):
                best = tried
            if not best.unmet:
                break
        assert best is not None, "a scope has at least the interpreter's own state"
        return best

    def host_of(self, root: Root) -> ProcessReplay | None:
        """The process of the Python that imports a root, without anything imported; None where none fits."""
        if root.python not in self._hosts:
            elf = self.objects.get(root.python)
            if elf is None:
                self._hosts[root.python] = None
            else:
                self._hosts[root.python] = process = self.make_process(elf)
                process.start(root.python, elf)
        host = self._hosts[root.python]
        elf = self.objects[root.path]
        if host is None or (host.objects[0].elf.bits, host.objects[0].elf.machine) != (elf.bits, elf.machine):
            return None
        return host

    def make_process(self, elf: ElfObject, *, without_library_path: bool = False) -> ProcessReplay:
        """An empty process of the loader that an object names, or that its machine usually has."""
        interpreter = elf.interpreter or self._usual_interpreter(elf)
        key = interpreter, elf.bits, elf.machine
        if key not in self._settings:
            settings = self._settings[key] = self._find_settings(*key)
            is_musl = settings.kind is LoaderKind.MUSL
            self._searches[key] = FolderSearch(
                self._files, bits=elf.bits, machine=elf.machine, hwcaps=settings.hwcaps, takes_any=is_musl
            )
        settings = self._settings[key]
        if without_library_path:
            settings = replace(settings, library_path=())
        kind = MuslReplay if settings.kind is LoaderKind.MUSL else GlibcReplay
        return kind(settings, self._searches[key], is_injected=self._is_injected)

    def _usual_interpreter(self, elf: ElfObject) -> str:
        """The loader of a shared object: the one that most programs of its machine name, else glibc's."""
        key = elf.bits, elf.machine
        if key not in self._usual:
            counts = Counter(
                other.interpreter
                for other in self.objects.values()
                if other.interpreter is not None and (other.bits, other.machine) == key
            )
            usual = USUAL_LOADERS.get(key, "/lib64/ld-linux-x86-64.so.2")
            self._usual[key] = min(counts, key=lambda name: (-counts[name], name), default=usual)
        return self._usual[key]

    def _scope_of(self, root: Root, host: ProcessReplay) -> PythonScope:
        """What a site directory's packages leave in the process."""
        key = root.python, root.site
        if key not in self._scopes:
            self._scopes[key] = PythonScope(host, root.site, self.objects, self._site_libraries(root.site))
        return self._scopes[key]

    def _site_libraries(self, site: str) -> list[str]:
        """The objects in a site directory, sorted."""
        if not site:
            return []
        start = bisect_left(self._paths, f"{site}/")
        return self._paths[start : bisect_left(self._paths, f"{site}0", start)]


def find_caller(process: ProcessReplay) -> LoadedObject:
    """The object that calls dlopen for Python: libpython where the interpreter is linked to it, else the program."""
    is_libpython = (item for item in process.objects if item.path.rpartition("/")[2].startswith("libpython"))
    return next(is_libpython, process.objects[0])
