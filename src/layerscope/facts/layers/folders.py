"""Thousands of files told as a few folders."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

SHOWN_FOLDERS: Final = 20
"""Folders that one fact names, largest first; the others are in the totals only."""

DEPTH: Final = 2
"""Path components below the common folder that tell groups apart: enough to name a project, few enough to read."""


@dataclass(frozen=True, slots=True)
class Folder:
    """Files of one layer below one folder (or one file), with their bytes."""

    layer: int
    path: str
    files: int
    size: int


def group_by_folder(files: Iterable[tuple[int, str, int]]) -> tuple[Folder, ...]:
    """The folders that hold most bytes of the files (layer, path, size), largest first, ties by layer and path."""
    parents: dict[tuple[int, str], list[int]] = {}
    for layer, path, size in files:
        key = (layer, path.rpartition("/")[0])
        totals = parents.get(key)
        if totals is None:
            parents[key] = [1, size]
        else:
            totals[0] += 1
            totals[1] += size
    depth = len(_common_folder([folder for _, folder in parents])) + DEPTH
    groups: dict[tuple[int, str], list[int]] = {}
    for (layer, folder), (count, size) in parents.items():
        totals = groups.setdefault((layer, "/".join(folder.split("/")[:depth])), [0, 0])
        totals[0] += count
        totals[1] += size
    folders = [Folder(layer, path, count, size) for (layer, path), (count, size) in groups.items()]
    return tuple(sorted(folders, key=lambda folder: (-folder.size, folder.layer, folder.path))[:SHOWN_FOLDERS])


def _common_folder(folders: list[str]) -> list[str]:
    """The components that all folders share."""
    if not folders:
        return []
    first, last = min(folders).split("/"), max(folders).split("/")
    shared = 0
    while shared < min(len(first), len(last)) and first[shared] == last[shared]:
        shared += 1
    return first[:shared]
