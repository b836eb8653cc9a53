"""FolderSearch: one name looked up in folders, and the answers kept, since all of an image's objects ask the same."""

from collections.abc import Iterable

from layerscope.facts.elf.file_view import FileView, split_path
from layerscope.formats.elf_object import ElfObject


class Candidate:
    """A file that a search came upon: its path as found, its real path, and its object (None where it is none)."""

    __slots__ = ("elf", "found", "path")

    def __init__(self, found: str, path: str, elf: ElfObject | None) -> None:
        """Hold what was found."""
        self.found = found
        self.path = path
        self.elf = elf


class FolderSearch:
    """Searches for objects of one class and machine; those of others are passed over, unless `takes_any`."""

    def __init__(
        self, files: FileView, *, bits: int, machine: int, hwcaps: Iterable[str] = (), takes_any: bool = False
    ) -> None:
        """Search in `files`, in each folder first in the `glibc-hwcaps` subdirectories."""
        self._files = files
        self._bits = bits
        self._machine = machine
        self._takes_any = takes_any
        self._below = (*(f"/glibc-hwcaps/{name}" for name in hwcaps), "")
        self._answers: dict[tuple[str, str], Candidate | None] = {}
        self._opened: dict[tuple[str, str], Candidate | None] = {}
        self._folders: dict[str, tuple[str, ...]] = {}

    def find(self, folders: Iterable[str], name: str) -> Candidate | None:
        """The first file of that name which the loader would open and not pass over."""
        for folder in folders:
            key = (folder, name)
            if key in self._answers:
                candidate = self._answers[key]
            else:
                candidate = self._answers[key] = self._find_below(folder, name)
            if candidate is not None:
                return candidate
        return None

    def open(self, path: str) -> Candidate | None:
        """The file at a path."""
        key = split_path(path)
        if key not in self._opened:
            self._opened[key] = self._open(*key)
        return self._opened[key]

    def _find_below(self, folder: str, name: str) -> Candidate | None:
        """The file in a folder or its hwcaps subdirectories."""
        if folder not in self._folders:
            each = (f"{folder.rstrip('/')}{below}" for below in self._below)
            self._folders[folder] = tuple(place for place in each if self._files.find_folder(place or "/") is not None)
        for place in self._folders[folder]:
            candidate = self._open(place, name)
            if candidate is not None:
                return candidate
        return None

    def _open(self, folder: str, name: str) -> Candidate | None:
        """The file, unless the loader passes over it because of its class or machine."""
        path = self._files.find_file(folder or "/", name)
        if path is None:
            return None
        elf = self._files.find_object(path)
        if elf is not None and not self._takes_any and (elf.bits, elf.machine) != (self._bits, self._machine):
            return None
        return Candidate(f"{folder.rstrip('/')}/{name}", path, elf)
