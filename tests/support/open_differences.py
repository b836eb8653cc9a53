"""Differences that are still to be mended: each question goes when its cause does."""

import re
from collections.abc import Callable
from typing import Final

from layerscope.layers.path import normalise_path
from support.compared_layers import ComparedLayers
from support.tar_member import Kind

_LOWER_PARENT: Final = re.compile(
    r"lstat \S+/snapshots/\d+/fs/\S+: (not a directory|too many levels)|layer \S+ too many links"
)
_REPEATED: Final = "duplicates of file paths"


def is_below_lower_file(compared: ComparedLayers) -> bool:
    """Containerd alone looks for an unnamed directory in the layers below, where a file or a loop may be in its way."""
    return bool(_LOWER_PARENT.search(compared.answer.refusal))


def is_linked_through_symlink(compared: ComparedLayers) -> bool:
    """A hard link below a symlink to nothing is told for that alone, which containerd takes, not for its target."""
    is_link = any(member.kind is Kind.HARDLINK for layer in compared.layers for member in layer.members)
    return compared.is_containerd and is_link and bool(re.search(r" link \S+ \S+: no such", compared.answer.refusal))


def is_root_twice(compared: ComparedLayers) -> bool:
    """A file with the root's name is skipped, but its name counts for Docker and podman."""
    return _REPEATED in compared.answer.refusal and any(
        _normalise(member.name) == "" and member.kind is not Kind.DIRECTORY
        for layer in compared.layers
        for member in layer.members
    )


OPEN_REFUSALS: Final[tuple[Callable[[ComparedLayers], bool], ...]] = (
    is_below_lower_file,
    is_linked_through_symlink,
    is_root_twice,
)


def _normalise(name: str) -> str:
    return normalise_path(name)[0] or ""
