"""FileView: what a dynamic loader sees of an image, namely which file a path opens and which object it is."""

from collections.abc import Mapping
from posixpath import basename, dirname
from typing import Protocol

from layerscope.filesystem.tree import MergedTree
from layerscope.formats.elf_object import ElfObject
from layerscope.layers.entry import EntryType


class FileView(Protocol):
    """Looks up files; an implementer follows links inside the image only.

    Paths begin at the root, with or without a slash; real paths, which are returned, have no leading slash and no link
    in them.
    """

    def find_file(self, folder: str, name: str) -> str | None:
        """The real path of the regular file of that name in a folder; None where nothing can be opened there."""

    def find_folder(self, folder: str) -> str | None:
        """The real path of a folder; None where there is none."""

    def find_object(self, path: str) -> ElfObject | None:
        """The object at a real path; None where the file is not an ELF object that could be read."""


class TreeView:
    """The merged tree's files; folders are followed once, since every search asks for the same ones."""

    def __init__(self, tree: MergedTree, objects: Mapping[str, ElfObject]) -> None:
        """View a tree whose objects are known by real path."""
        self._tree = tree
        self._objects = objects
        self._folders: dict[str, str | None] = {}

    def find_file(self, folder: str, name: str) -> str | None:
        """The regular file, by way of the folder's real path."""
        real = self.find_folder(folder)
        if real is None:
            return None
        path = f"{real}/{name}" if real else name
        node = self._tree.get(path)
        if node is not None and node.type is EntryType.SYMLINK:
            node = self._tree.resolve(path)
        return node.path if node is not None and node.type is EntryType.FILE else None

    def find_folder(self, folder: str) -> str | None:
        """The folder with every link followed."""
        if folder not in self._folders:
            node = self._tree.resolve(folder)
            is_folder = node is not None and node.type is EntryType.DIRECTORY
            self._folders[folder] = node.path if node is not None and is_folder else None
        return self._folders[folder]

    def find_object(self, path: str) -> ElfObject | None:
        """The object at a real path."""
        return self._objects.get(path)


def split_path(path: str) -> tuple[str, str]:
    """Folder and name of a path."""
    return dirname(path) or "/", basename(path)
