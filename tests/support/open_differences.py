"""Differences that are still to be mended: each question goes when its cause does."""

import posixpath
import re
from collections.abc import Callable
from typing import Final

from layerscope.layers import anomaly
from layerscope.layers.path import normalise_path
from support.compared_layers import ComparedLayers
from support.random_layers import RandomLayer
from support.tar_member import Kind

_NOT_THERE: Final = r": (not a directory|no such file or directory|too many levels of symbolic links)"
_DIRECTORY_TIME: Final = re.compile(rf"(chtimes|mount callback failed on \S+ lstat|UtimesNanoAt for) \S+{_NOT_THERE}")
_LOWER_PARENT: Final = re.compile(
    r"lstat \S+/snapshots/\d+/fs/\S+: (not a directory|too many levels)|layer \S+ too many links"
)
_OPAQUE_NAME: Final = ".wh..wh..opq"
_REPEATED: Final = "duplicates of file paths"


def is_late_directory_time(compared: ComparedLayers) -> bool:
    """Engines set the times of a directory at the end, when its parent may be something else by then."""
    return bool(_DIRECTORY_TIME.search(compared.answer.refusal))


def is_below_lower_file(compared: ComparedLayers) -> bool:
    """Containerd alone looks for an unnamed directory in the layers below, where a file or a loop may be in its way."""
    return bool(_LOWER_PARENT.search(compared.answer.refusal))


def is_opaque_mark_of_no_directory(compared: ComparedLayers) -> bool:
    """An opaque whiteout in the place of, or below, what is no directory cannot be set by every engine."""
    return any(_has_mark_below(layer, frozenset(Kind) - {Kind.DIRECTORY}, _OPAQUE_NAME) for layer in compared.layers)


def is_mark_through_symlink(compared: ComparedLayers) -> bool:
    """A whiteout below a symlink of its own layer is not followed to where it leads."""
    return any(_has_mark_below(layer, frozenset({Kind.SYMLINK, Kind.HARDLINK}), "") for layer in compared.layers)


def is_whiteout_below_no_directory(compared: ComparedLayers) -> bool:
    """Podman alone skips a whiteout below a file, or below what is removed."""
    told = compared.told.refusals
    is_skipped = compared.engine.name == "podman" and all(f": {anomaly.BELOW_NO_DIRECTORY} " in each for each in told)
    names = [_normalise(member.name).rpartition("/")[2] for layer in compared.layers for member in layer.members]
    return is_skipped and any(name.startswith(".wh.") for name in names)


def is_linked_through_symlink(compared: ComparedLayers) -> bool:
    """A hard link below a symlink to nothing is told for that alone, which containerd takes, not for its target."""
    is_link = any(member.kind is Kind.HARDLINK for layer in compared.layers for member in layer.members)
    return compared.is_containerd and is_link and bool(re.search(r" link \S+ \S+: no such", compared.answer.refusal))


def is_climbing_name_twice(compared: ComparedLayers) -> bool:
    """`x` and `../x` are one path and two names, which Docker and podman take."""
    names = [member.name for layer in compared.layers for member in layer.members]
    told = compared.told.refusals
    are_repeated = bool(told) and all(f": {anomaly.DUPLICATE_ENTRY} " in refusal for refusal in told)
    return are_repeated and any(posixpath.normpath(name).startswith("..") for name in names)


def is_root_twice(compared: ComparedLayers) -> bool:
    """A file with the root's name is skipped, but its name counts for Docker and podman."""
    return _REPEATED in compared.answer.refusal and any(
        _normalise(member.name) == "" and member.kind is not Kind.DIRECTORY
        for layer in compared.layers
        for member in layer.members
    )


OPEN_REFUSALS: Final[tuple[Callable[[ComparedLayers], bool], ...]] = (
    is_late_directory_time,
    is_below_lower_file,
    is_opaque_mark_of_no_directory,
    is_mark_through_symlink,
    is_whiteout_below_no_directory,
    is_linked_through_symlink,
    is_climbing_name_twice,
    is_root_twice,
)


def _has_mark_below(layer: RandomLayer, kinds: frozenset[Kind], mark: str) -> bool:
    """Whether a whiteout, or that mark, lies below a path that the layer has as one of these kinds, or removes."""
    named = {_normalise(member.name).replace(".wh.", "") for member in layer.members if member.kind in kinds}
    for member in layer.members:
        parent, _, name = _normalise(member.name).rpartition("/")
        steps = parent.split("/")
        is_mark = name.startswith(".wh.") if not mark else name == mark
        if is_mark and any("/".join(steps[:end]) in named for end in range(1, len(steps) + 1)):
            return True
    return False


def _normalise(name: str) -> str:
    return normalise_path(name)[0] or ""
