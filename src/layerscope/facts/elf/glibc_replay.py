"""The search of glibc's loader: ld.so(8), and `_dl_map_object` in glibc's elf/dl-load.c for what that leaves open."""

from collections.abc import Iterator
from typing import Final

from layerscope.facts.elf.loaded_object import LoadedObject
from layerscope.facts.elf.loader_settings import CACHE_FLAGS
from layerscope.facts.elf.process_replay import Found, ProcessReplay
from layerscope.facts.elf.search_step import SearchStep

NO_DEFAULT_LIBRARIES: Final = 0x800
"""DF_1_NODEFLIB: neither the cache's files in the default directories nor those directories count."""


class GlibcReplay(ProcessReplay):
    """RPATHs of the object and of those that loaded it, LD_LIBRARY_PATH, RUNPATH, the cache, default directories."""

    def _search_name(self, name: str, requester: LoadedObject) -> Found | None:
        """The first of the steps that finds a file."""
        search = self._search
        if requester.elf.runpath is None:
            for loader in self._iter_loaders(requester):
                candidate = search.find(self._folders(loader.elf.rpath, loader), name)
                if candidate is not None:
                    return candidate, SearchStep.RPATH
        main = self.objects[0]
        candidate = search.find((self._expand(folder, main) for folder in self.settings.library_path), name)
        if candidate is not None:
            return candidate, SearchStep.LIBRARY_PATH
        if requester.elf.runpath is not None:
            candidate = search.find(self._folders(requester.elf.runpath, requester), name)
            if candidate is not None:
                return candidate, SearchStep.RUNPATH
        has_defaults = not requester.elf.flags_1 & NO_DEFAULT_LIBRARIES
        cached = self._find_cached(name, requester)
        if cached is not None and (has_defaults or not self._is_default(cached)):
            candidate = search.open(cached)
            if candidate is not None:
                return candidate, SearchStep.CACHE
        candidate = search.find(self.settings.default_folders, name) if has_defaults else None
        return None if candidate is None else (candidate, SearchStep.DEFAULT)

    def _names_of(self, item: LoadedObject, asked: str | None) -> tuple[str, ...]:
        """The names that later needs meet it by."""
        return tuple(filter(None, (asked, item.found, item.elf.soname)))

    def _iter_loaders(self, requester: LoadedObject) -> Iterator[LoadedObject]:
        """Whose RPATH counts: the object, those that loaded it one after the other, and the program in any case.

        An RPATH beside a RUNPATH counts for nothing.
        """
        loader: LoadedObject | None = requester
        main, is_main_done = self.objects[0], False
        while loader is not None:
            is_main_done |= loader is main
            if loader.elf.rpath and loader.elf.runpath is None:
                yield loader
            loader = loader.loader
        if not is_main_done and main.elf.rpath and main.elf.runpath is None:
            yield main

    def _folders(self, text: str | None, owner: LoadedObject) -> tuple[str, ...]:
        """The folders of an RPATH or RUNPATH; an empty part is the working directory."""
        if not text:
            return ()
        key = text, owner.origin
        if key not in self._folder_lists:
            parts = (self._expand(part, owner) if part else "." for part in text.split(":"))
            self._folder_lists[key] = tuple(map(self._place, parts))
        return self._folder_lists[key]

    def _find_cached(self, name: str, requester: LoadedObject) -> str | None:
        """The path that the cache has for a name: of the best hwcaps subdirectory, else the first plain one."""
        flags = CACHE_FLAGS.get((requester.elf.bits, requester.elf.machine), frozenset())
        best, plain = (len(self.settings.hwcaps), ""), ""
        for library in self.settings.cache.get(name, ()):
            if library.flags not in flags:
                continue
            if library.hwcaps in self.settings.hwcaps:
                best = min(best, (self.settings.hwcaps.index(library.hwcaps), library.path))
            elif not library.hwcaps and not plain:
                plain = library.path
        return best[1] or plain or None

    def _is_default(self, path: str) -> bool:
        """Whether a path lies in or below a default directory, as ld.so compares them: by their beginnings."""
        return any(path.startswith(f"{folder}/") for folder in self.settings.default_folders)
