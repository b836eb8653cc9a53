"""The loaders' own files as the merged tree holds them: cache, preload list, musl's path, built-in folders."""

from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from layerscope.facts.context import FactContext
from layerscope.facts.elf.loader_extractor import (
    CACHE_PATH,
    CONF_PATH,
    MUSL_ARCHITECTURES,
    PRELOAD_PATH,
    LoaderCacheExtractor,
    LoaderConfExtractor,
    LoaderPathsExtractor,
)
from layerscope.facts.elf.loader_settings import CachedLibrary
from layerscope.filesystem.node import Node
from layerscope.formats.ld_so import BuiltInPaths

INCLUDE_DEPTH: Final = 8
"""Files that include each other; ldconfig of glibc goes on until memory ends."""

FOLDERS_LIMIT: Final = 2000
"""Directories of all configuration files; CUDA images have ten."""


class LoaderCache(Struct, frozen=True):
    """The cache by name, in the order of preference; `problem` says why it could not be read."""

    layer: int
    libraries: dict[str, tuple[CachedLibrary, ...]]
    problem: str = ""


def find_loader_cache(context: FactContext) -> LoaderCache | None:
    """The image's /etc/ld.so.cache; None where it has none."""
    node = context.tree.resolve(CACHE_PATH)
    kept = None if node is None else context.extract_of(LoaderCacheExtractor.name, node)
    if node is None or not isinstance(kept, dict):
        return None
    libraries: dict[str, tuple[CachedLibrary, ...]] = {}
    for name, path, flags, hwcaps in kept.get("entries", ()):
        libraries[name] = (*libraries.get(name, ()), CachedLibrary(path, flags, hwcaps))
    return LoaderCache(node.layer, libraries, str(kept.get("problem", "")))


def find_conf_folders(context: FactContext) -> tuple[str, ...]:
    """The folders that ldconfig would look into, in the order of the configuration; its built-in ones left out."""
    return tuple(dict.fromkeys(_iter_conf(context, CONF_PATH, INCLUDE_DEPTH)))[:FOLDERS_LIMIT]


def find_preload_file(context: FactContext) -> tuple[str, ...]:
    """The names in /etc/ld.so.preload."""
    return _lines(context, context.tree.resolve(PRELOAD_PATH))


def find_musl_folders(context: FactContext) -> tuple[str, ...] | None:
    """The folders of the first /etc/ld-musl-ARCH.path that the image has; None where it has none."""
    for name in MUSL_ARCHITECTURES:
        node = context.tree.resolve(f"etc/ld-musl-{name}.path")
        if node is not None:
            return _lines(context, node)
    return None


def find_built_in_paths(context: FactContext, interpreter: str) -> BuiltInPaths | None:
    """What a glibc loader has built in; None where the file is missing or does not say."""
    kept = context.find_extract(LoaderPathsExtractor.name, interpreter)
    if not isinstance(kept, dict):
        return None
    return BuiltInPaths(tuple(kept["folders"]), str(kept["lib"]))


def _iter_conf(context: FactContext, path: str, depth: int) -> Iterator[str]:
    """The folders of one configuration file and of those it includes."""
    for line in _lines(context, context.tree.resolve(path)):
        if not line.startswith("include "):
            yield line
            continue
        pattern = line.removeprefix("include ")
        place = pattern if pattern.startswith("/") else f"{path.rpartition('/')[0]}/{pattern}"
        if depth:
            for node in context.tree.glob(place.lstrip("/")):
                yield from _iter_conf(context, node.path, depth - 1)


def _lines(context: FactContext, node: Node | None) -> tuple[str, ...]:
    """What was kept of a configuration file."""
    kept = None if node is None else context.extract_of(LoaderConfExtractor.name, node)
    return tuple(map(str, kept.get("lines", ()))) if isinstance(kept, dict) else ()
