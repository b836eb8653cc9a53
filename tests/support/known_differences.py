"""Differences between engines and layerscope that are known: each is a question, with its reason."""

import re
from collections.abc import Callable
from typing import Final

from layerscope.layers.entry import EntryType
from support.compared_layers import ComparedLayers
from support.layer_rows import Row
from support.tar_member import Kind

UNNAMED: Final = (0o755, 0, 0)
"""Mode and owner of a directory that a layer leaves unnamed."""
SET_GROUP: Final = 0o2000
MARK: Final = ".wh."
_LOWER_PARENT: Final = re.compile(
    r"lstat \S+/snapshots/\d+/fs/\S+: (not a directory|too many levels)|layer \S+ too many links"
)


def is_known_refusal(compared: ComparedLayers) -> bool:
    """Whether it is known that the engine takes or refuses the layers otherwise than is told."""
    return any(question(compared) for question in REFUSALS)


def is_known_row(compared: ComparedLayers, path: str) -> bool:
    """Whether it is known that the engine has something else at a path."""
    ours, theirs = compared.told.rows.get(path), compared.answer.rows.get(path)
    if is_mark_in_lowest_layer(compared):
        return True
    return ours is not None and theirs is not None and any(question(compared, ours, theirs) for question in ROWS)


def is_unnamed_directory(compared: ComparedLayers, ours: Row, theirs: Row) -> bool:
    """Docker's overlay2 and podman give directories that a layer leaves unnamed to root; containerd keeps the lower's.

    The merge follows containerd (tests/live/test_overlay_oracle.py).
    """
    return not compared.is_containerd and _are_directories(ours, theirs) and theirs[1:4] == UNNAMED


def is_below_set_group(compared: ComparedLayers, ours: Row, theirs: Row) -> bool:
    """Linux gives an unnamed directory the group of a set-group-ID directory that it is made in, or that bit.

    Docker and podman give it to root afterwards, and containerd takes the bit away.
    """
    has_group = any(member.mode & SET_GROUP for layer in compared.layers for member in layer.members)
    return has_group and _are_directories(ours, theirs) and ours[1:4] == UNNAMED and theirs.uid == 0


def is_behind_lower_symlink(compared: ComparedLayers, ours: Row, theirs: Row) -> bool:
    """Containerd gives an unnamed directory what a lower layer has where its own symlink in that place leads to.

    The merge takes the symlink for no directory, whose attributes are none to keep (mkparent in containerd).
    """
    has_symlink = any(member.kind is Kind.SYMLINK for layer in compared.layers[:-1] for member in layer.members)
    return compared.is_containerd and has_symlink and _are_directories(ours, theirs) and ours[1:4] == UNNAMED


def is_mode_of_hard_link(compared: ComparedLayers, ours: Row, theirs: Row) -> bool:
    """Docker and podman leave a hard link's mode alone where its target, as written, is not there.

    They look for `l/x/` and `missing/../x` without cleaning them (handleLChmod in moby/moby pkg/archive).
    """
    links = [member.link for layer in compared.layers for member in layer.members if member.kind is Kind.HARDLINK]
    is_odd = any(link.endswith("/") or ".." in link for link in links)
    return not compared.is_containerd and is_odd and ours._replace(mode=theirs.mode) == theirs


def is_mark_in_lowest_layer(compared: ComparedLayers) -> bool:
    """Containerd unpacks the lowest layer into a plain folder, where a mark removes what that layer itself has.

    Others make the same of it as of any layer.
    """
    return compared.is_containerd and any(MARK in member.name for member in compared.layers[0].members)


def is_below_lower_file(compared: ComparedLayers) -> bool:
    """Containerd looks in each lower layer for a directory that is left unnamed; a file or a loop may be in its way.

    Layers are told one by one, and this asks for what all those below hold by themselves, which no merged tree shows
    (mkparent in containerd pkg/archive/tar.go).
    """
    return compared.is_containerd and bool(_LOWER_PARENT.search(compared.answer.refusal))


REFUSALS: Final[tuple[Callable[[ComparedLayers], bool], ...]] = (is_mark_in_lowest_layer, is_below_lower_file)
ROWS: Final[tuple[Callable[[ComparedLayers, Row, Row], bool], ...]] = (
    is_unnamed_directory,
    is_below_set_group,
    is_behind_lower_symlink,
    is_mode_of_hard_link,
)


def _are_directories(ours: Row, theirs: Row) -> bool:
    return ours.kind is theirs.kind is EntryType.DIRECTORY
