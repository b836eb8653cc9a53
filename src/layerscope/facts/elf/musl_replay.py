"""The search of musl's loader: `load_library` in musl's ldso/dynlink.c."""

import re
from typing import Final

from layerscope.facts.elf.folder_search import Candidate
from layerscope.facts.elf.loaded_object import LoadedObject
from layerscope.facts.elf.process_replay import Found, ProcessReplay
from layerscope.facts.elf.search_step import SearchStep

_BUILT_IN: Final = re.compile(r"lib(?:c|pthread|rt|m|dl|util|xnet)\.")
"""Names that musl's loader answers itself, whatever follows the dot: it is the C library, too."""


class MuslReplay(ProcessReplay):
    """LD_LIBRARY_PATH, RPATH or RUNPATH of the object and of those that loaded it, the directories of its own file.

    SONAMEs count for nothing; an object is known by the name that a search found it under.
    """

    def _search_name(self, name: str, requester: LoadedObject) -> Found | None:
        """The first of the steps that finds a file."""
        path = self.settings.interpreter_path
        if path is not None and _BUILT_IN.match(name):
            own = self._paths.get(path)
            elf = None if own is None else own.elf
            return Candidate(self.settings.interpreter, path, elf), SearchStep.LOADED
        candidate = self._search.find(self.settings.library_path, name)
        if candidate is not None:
            return candidate, SearchStep.LIBRARY_PATH
        loader: LoadedObject | None = requester
        while loader is not None:
            candidate = self._search.find(self._folders(loader), name)
            if candidate is not None:
                return candidate, SearchStep.RPATH if loader.elf.runpath is None else SearchStep.RUNPATH
            loader = loader.loader
        candidate = self._search.find(self.settings.default_folders, name)
        return None if candidate is None else (candidate, SearchStep.DEFAULT)

    def _names_of(self, item: LoadedObject, asked: str | None) -> tuple[str, ...]:
        """The names that later needs meet it by."""
        return (asked,) if asked is not None and item.step is not SearchStep.PATH else ()

    def _folders(self, owner: LoadedObject) -> tuple[str, ...]:
        """The folders of a RUNPATH, or of an RPATH where there is none; empty parts say nothing."""
        text = owner.elf.rpath if owner.elf.runpath is None else owner.elf.runpath
        if not text:
            return ()
        key = text, owner.origin
        if key not in self._folder_lists:
            parts = (self._expand(part, owner) for part in re.split(r"[:\n]", text) if part)
            self._folder_lists[key] = tuple(map(self._place, parts))
        return self._folder_lists[key]
