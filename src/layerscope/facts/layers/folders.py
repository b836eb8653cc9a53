"""Thousands of files told as a few folders."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from msgspec import Struct

SHOWN_FOLDERS: Final = 20
"""Folders that one fact names, largest first; the others are in the totals only."""

DEPTH: Final = 2
"""Path components below the common folder that tell groups apart: enough to name a project, few enough to read.

One less where two make more groups than are shown: `usr/share/doc` tells more than three of its 400 folders."""


class Folder(Struct, frozen=True):
    """Files of one layer below one folder (or one file), with their bytes."""

    layer: int
    path: str
    files: int
    size: int


@dataclass(slots=True)
class FileList:
    """Files of one layer, column by column: paths and their sizes."""

    layer: int
    paths: list[str] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)


def group_by_folder(lists: Iterable[FileList]) -> tuple[Folder, ...]:
    """The folders that hold most bytes of the files, largest first, ties by layer and path."""
    parents = {(files.layer, folder): sizes for files in lists for folder, sizes in _group_by_parent(files).items()}
    common = len(_common_folder([folder for _, folder in parents]))
    groups = _group_by_depth(parents, common + DEPTH)
    if common and len(groups) > SHOWN_FOLDERS:
        coarse = _group_by_depth(parents, common + DEPTH - 1)
        groups = coarse if len(coarse) <= SHOWN_FOLDERS else groups
    folders = [Folder(layer, path, count, size) for (layer, path), (count, size) in groups.items()]
    return tuple(sorted(folders, key=lambda folder: (-folder.size, folder.layer, folder.path))[:SHOWN_FOLDERS])


def _group_by_depth(parents: dict[tuple[int, str], list[int]], depth: int) -> dict[tuple[int, str], list[int]]:
    """Files and bytes by layer and the first components of the folder."""
    groups: dict[tuple[int, str], list[int]] = {}
    for (layer, folder), sizes in parents.items():
        totals = groups.setdefault((layer, "/".join(folder.split("/")[:depth])), [0, 0])
        totals[0] += len(sizes)
        totals[1] += sum(sizes)
    return groups


def _group_by_parent(files: FileList) -> dict[str, list[int]]:
    """Sizes by the folder that the files lie in."""
    parents: dict[str, list[int]] = {}
    for path, size in zip(files.paths, files.sizes, strict=True):
        folder = path[: path.rfind("/")] if "/" in path else ""
        if folder in parents:
            parents[folder].append(size)
        else:
            parents[folder] = [size]
    return parents


def _common_folder(folders: list[str]) -> list[str]:
    """The components that all folders share."""
    if not folders:
        return []
    first, last = min(folders).split("/"), max(folders).split("/")
    shared = 0
    while shared < min(len(first), len(last)) and first[shared] == last[shared]:
        shared += 1
    return first[:shared]
