"""Where the bytes that a container sees more or fewer of lie: by model, cache, Python package, or folder."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from layerscope.diff.trees import FileChange

_MODEL: Final = re.compile(r".*\.(?:safetensors|gguf|ggml|onnx|tflite)")
"""Files that hold a model's weights, by suffixes that nothing else has."""

_LIKE_MODEL: Final = re.compile(r".*\.(?:pt|pth|ckpt|engine|plan|h5|msgpack)|(?:.*/)?[^/]*model[^/]*\.bin")
"""Suffixes that others have as well: Python's path files, plans, data."""

_SMALLEST_MODEL: Final = 1_000_000

_SITE: Final = re.compile(r"(.*?/?(?:site|dist)-packages)/(nvidia/[^/]+|[^/]+).*")
_CACHE: Final = re.compile(
    r"((?:.*/)?\.cache/[^/]+|var/cache/[^/]+|var/lib/apt/lists|(?:.*/)?\.npm|(?:.*/)?(?:conda|miniconda3?|miniforge3?)/pkgs)/.*"
)
_RECORDS: Final = re.compile(r"(.+?)-[^-/]+\.(?:dist-info|egg-info|data)")
_DEPTH: Final = 3
"""Folders deep, at most, a place is named."""


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


def is_model_file(path: str, size: int) -> bool:
    """Whether a file of that size holds the weights of a model, by its name."""
    return bool(_MODEL.fullmatch(path) or (size >= _SMALLEST_MODEL and _LIKE_MODEL.fullmatch(path)))


def sum_growth(changes: Iterable[FileChange]) -> tuple[SizeChange, ...]:
    """What brought or took bytes, those that brought or took most first."""
    growth: dict[SizeCause, int] = {}
    files: dict[SizeCause, int] = {}
    for change in changes:
        if amount := change.growth:
            cause = find_size_cause(change.path, abs(amount))
            growth[cause] = growth.get(cause, 0) + amount
            files[cause] = files.get(cause, 0) + 1
    found = [SizeChange(cause, total, files[cause]) for cause, total in growth.items() if total]
    return tuple(sorted(found, key=lambda each: (-abs(each.growth), each.cause)))


def find_size_cause(path: str, size: int) -> SizeCause:
    """What the bytes of a file belong to."""
    folder = path.rpartition("/")[0]
    if is_model_file(path, size):
        return SizeCause(SizeKind.MODEL, folder.rpartition("/")[2] or path, folder)
    if found := _CACHE.fullmatch(path):
        return SizeCause(SizeKind.CACHE, found[1].rpartition("/")[2], found[1])
    if found := _SITE.fullmatch(path):
        name = found[2]
        record = _RECORDS.fullmatch(name)
        return SizeCause(SizeKind.PYTHON, (record[1] if record else name).removesuffix(".libs"), found[1])
    place = "/".join(folder.split("/")[:_DEPTH])
    return SizeCause(SizeKind.FOLDER, place, place)
