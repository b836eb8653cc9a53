"""Where the bytes that a container sees more or fewer of lie: by model, cache, Python package, or folder."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from layerscope.diff.trees import FileChange

_MODEL: Final = (".safetensors", ".gguf", ".ggml", ".onnx", ".tflite")
"""Suffixes of files that hold a model's weights, that nothing else has."""

_LIKE_MODEL: Final = (*_MODEL, ".pt", ".pth", ".ckpt", ".engine", ".plan", ".h5", ".msgpack")
"""Those, and suffixes that others have as well: Python's path files, plans, data."""

_SMALLEST_MODEL: Final = 1_000_000

_SITE: Final = re.compile(r"(.*?/?(?:site|dist)-packages)/(nvidia/[^/]+|[^/]+)")
_SITE_MARK: Final = "-packages/"
_CACHE: Final = re.compile(
    r"((?:.*/)?\.cache/[^/]+|var/cache/[^/]+|var/lib/apt/lists|(?:.*/)?\.npm|(?:.*/)?(?:conda|miniconda3?|miniforge3?)/pkgs)/"
)
_RECORDS: Final = re.compile(r"(.+?)-[^-/]+\.(?:dist-info|egg-info|data)")
_DEPTH: Final = 3
"""Folders deep, at most, a place is named."""

_REMEMBERED: Final = 1024
"""Causes that are at hand: files come in the order of a walk, so that neighbours have the same."""


class SizeKind:
    """What brings bytes."""

    MODEL: Final = "model"
    CACHE: Final = "cache"
    PYTHON: Final = "Python package"
    FOLDER: Final = "folder"


@dataclass(frozen=True, order=True)
class SizeCause:
    """What brings bytes or took them away: its kind, its name, and the place that it lies in, without leading slash."""

    kind: str
    name: str
    place: str


@dataclass(frozen=True)
class SizeChange:
    """A cause, the bytes that came of it (less than 0 where they went), and how many files differ."""

    cause: SizeCause
    growth: int
    files: int


def has_model_name(path: str) -> bool:
    """Whether a file may hold the weights of a model, by its name."""
    return path.endswith(_LIKE_MODEL) or (path.endswith(".bin") and "model" in path.rpartition("/")[2][:-4])


def is_model_file(path: str, size: int) -> bool:
    """Whether a file of that size holds the weights of a model, by its name."""
    return path.endswith(_MODEL) or (size >= _SMALLEST_MODEL and has_model_name(path))


def sum_growth(changes: Iterable[FileChange]) -> tuple[SizeChange, ...]:
    """What brought or took bytes, those that brought or took most first."""
    sums: dict[SizeCause, list[int]] = {}
    for change in changes:
        if amount := change.growth:
            total = sums.setdefault(find_size_cause(change.path, abs(amount)), [0, 0])
            total[0] += amount
            total[1] += 1
    found = [SizeChange(cause, growth, files) for cause, (growth, files) in sums.items() if growth]
    return tuple(sorted(found, key=lambda each: (-abs(each.growth), each.cause)))


def find_size_cause(path: str, size: int) -> SizeCause:
    """What the bytes of a file belong to."""
    folder = path.rpartition("/")[0]
    if is_model_file(path, size):
        return SizeCause(SizeKind.MODEL, folder.rpartition("/")[2] or path, folder)
    cause = _find_folder_cause(folder)
    if cause.kind == SizeKind.FOLDER and _SITE_MARK in path and (found := _SITE.match(path)):
        return _find_package_cause(found[1], found[2])
    return cause


@lru_cache(maxsize=_REMEMBERED)
def _find_folder_cause(folder: str) -> SizeCause:
    """What all files of a folder belong to, if they are no models and no Python packages."""
    if found := _CACHE.match(f"{folder}/"):
        return SizeCause(SizeKind.CACHE, found[1].rpartition("/")[2], found[1])
    place = "/".join(folder.split("/")[:_DEPTH])
    return SizeCause(SizeKind.FOLDER, place, place)


@lru_cache(maxsize=_REMEMBERED)
def _find_package_cause(site: str, name: str) -> SizeCause:
    """The Python package of that name in a folder of packages, whichever of its folders this is."""
    record = _RECORDS.fullmatch(name)
    return SizeCause(SizeKind.PYTHON, (record[1] if record else name).removesuffix(".libs"), site)
