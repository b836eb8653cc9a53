"""How the image configures its dynamic loader: variables, preload lists, cache, and the folders behind each step."""

from collections import Counter
from collections.abc import Iterator, Mapping
from posixpath import normpath

from msgspec import Struct

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext, shorten_instruction
from layerscope.facts.elf.loader_extractor import (
    CACHE_PATH,
    LoaderCacheExtractor,
    LoaderConfExtractor,
    LoaderPathsExtractor,
)
from layerscope.facts.elf.loader_files import find_conf_folders, find_loader_cache
from layerscope.facts.elf.objects import ImageObject, find_objects
from layerscope.facts.elf.search_path import (
    find_library_path,
    find_preloads,
    find_settings,
    find_variable,
    working_directory,
)
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap
from layerscope.layers.entry import EntryType


class SearchFolder(Struct, frozen=True):
    """A folder that is searched: as written, its real path (None where nothing is there), and its layer.

    `removed_by` is the layer that removed what once was there; `objects` counts the ELF objects directly in it.
    """

    text: str
    path: str | None
    layer: int | None = None
    removed_by: int | None = None
    objects: int = 0


class Preload(Struct, frozen=True):
    """A library that is loaded before all others, with what names it and its real path where it was found."""

    name: str
    origin: str
    path: str | None


class LoaderConfiguration(Fact, frozen=True):
    """The loader of most programs, in the order in which it searches; texts are those of the config and of files.

    `library_path` is LD_LIBRARY_PATH with the build step that set it last. `conf_folders` are those of ld.so.conf,
    which count by way of the cache alone. `cached` counts the cache's entries; None where there is no cache.
    """

    kind: str
    interpreter: str
    interpreter_path: str | None
    working_directory: str
    library_path: tuple[SearchFolder, ...]
    library_path_step: str
    preloads: tuple[Preload, ...]
    preload_step: str
    cached: int | None
    conf_folders: tuple[SearchFolder, ...]
    default_folders: tuple[SearchFolder, ...]


class LoaderConfigurationCollector(Collector):
    """Reads what configures the loader that most programs of the image name."""

    name = "elf.loader-configuration"
    extractors = (LoaderCacheExtractor(), LoaderConfExtractor(), LoaderPathsExtractor())

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield the configuration where a program needs a loader, or the config sets one up."""
        objects = context.shared(find_objects)
        chosen = find_main_interpreter(objects)
        has_variables = any(find_variable(context, name) for name in ("LD_LIBRARY_PATH", "LD_PRELOAD"))
        if chosen is None and not has_variables:
            return
        interpreter, bits, machine = chosen or ("", 64, 0)
        settings = find_settings(context, interpreter, bits=bits, machine=machine)
        cache = context.shared(find_loader_cache)
        if cache is not None and cache.problem:
            yield Gap("the dynamic loader's cache", f"/{CACHE_PATH}", cache.problem)
        look = _Look(context, objects)
        node = context.tree.resolve(interpreter) if interpreter else None
        yield LoaderConfiguration(
            evidence=Evidence(layer=node.layer if node else None, path=node.path if node else None),
            kind=str(settings.kind) if interpreter else "",
            interpreter=interpreter,
            interpreter_path=settings.interpreter_path if interpreter else None,
            working_directory=working_directory(context),
            library_path=tuple(look.at(part.text, part.folder) for part in find_library_path(context)),
            library_path_step=_find_step(context, "LD_LIBRARY_PATH"),
            preloads=tuple(_find_preload(context, name, origin, look) for name, origin in find_preloads(context)),
            preload_step=_find_step(context, "LD_PRELOAD"),
            cached=None if cache is None else sum(map(len, cache.libraries.values())),
            conf_folders=tuple(look.at(folder, folder) for folder in find_conf_folders(context)),
            default_folders=tuple(look.at(folder, folder) for folder in settings.default_folders)
            if interpreter
            else (),
        )


def find_main_interpreter(objects: Mapping[str, ImageObject]) -> tuple[str, int, int] | None:
    """The ELF interpreter that most programs name, with their class and machine; None where none names any."""
    counts = Counter(
        (item.elf.interpreter, item.elf.bits, item.elf.machine)
        for item in objects.values()
        if item.elf.interpreter is not None
    )
    return min(counts, key=lambda key: (-counts[key], key), default=None)


class _Look:
    """Looks at folders, counting objects once."""

    def __init__(self, context: FactContext, objects: Mapping[str, ImageObject]) -> None:
        self._context = context
        self._counts = Counter(path.rpartition("/")[0] for path in objects)

    def at(self, text: str, folder: str) -> SearchFolder:
        """What lies at a folder; one with a token in it is taken for there, since it differs with each program."""
        node = self._context.tree.resolve(folder)
        if "$" in folder:
            return SearchFolder(text, folder)
        if node is None or node.type is not EntryType.DIRECTORY:
            removed_by = self._context.find_removal(normpath(f"/{folder}").lstrip("/"))
            return SearchFolder(text, None, removed_by=removed_by)
        return SearchFolder(text, node.path, node.layer, objects=self._counts[node.path])

    def has_name(self, folder: str, name: str) -> str | None:
        """The real path of a file in a folder."""
        node = self._context.tree.resolve(f"{folder}/{name}")
        return node.path if node is not None and node.type is EntryType.FILE else None


def _find_preload(context: FactContext, name: str, origin: str, look: _Look) -> Preload:
    """Where a preloaded name leads, by way of all steps; one with a token in it differs with each program."""
    if "$" in name:
        return Preload(name, origin, name)
    if "/" in name:
        path = name if name.startswith("/") else f"{working_directory(context)}/{name}"
        return Preload(name, origin, look.has_name("", path))
    chosen = find_main_interpreter(context.shared(find_objects))
    if chosen is None:
        return Preload(name, origin, None)
    settings = find_settings(context, chosen[0], bits=chosen[1], machine=chosen[2])
    cached = [library.path for library in settings.cache.get(name, ())]
    places = [look.has_name("", path) for path in cached]
    places += [look.has_name(folder, name) for folder in (*settings.library_path, *settings.default_folders)]
    return Preload(name, origin, next(filter(None, places), None))


def _find_step(context: FactContext, variable: str) -> str:
    """The build step that set a variable last; empty where the history does not say."""
    steps = [
        step.instruction
        for step in context.steps
        if step.instruction.startswith("ENV") and variable in step.instruction
    ]
    return shorten_instruction(steps[-1]) if steps else ""
