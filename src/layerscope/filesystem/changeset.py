"""Changeset: one layer unpacked alone, as a tree of its own and marks against the layers below."""

from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import Struct

from layerscope.errors import LimitError
from layerscope.filesystem.stack import LayerStack

MAX_IMPLIED_CHARACTERS: Final = 1 << 28
"""Names of directories that no entry of a layer names: a real layer has some megabytes at most, but a tar of a million
entries, each two thousand directories deep, would take a terabyte of memory."""


class Changeset(Struct, frozen=True):
    """What one layer puts on top of the layers below.

    `nodes` leads from each path that an entry names to the entry's ordinal, `implied` lists the directories that none
    names, `siblings` each directory's own paths of both kinds. `opaques` and `whiteouts` are (path, ordinal of the
    mark). `replaced` pairs entries of the layer with later ones of the same layer that took their place, and with
    themselves where their name is too long to be unpacked.
    """

    nodes: dict[str, int]
    implied: list[str]
    siblings: dict[str, list[str]]
    opaques: list[tuple[str, int]]
    whiteouts: list[tuple[str, int]]
    replaced: list[tuple[int, int]]


def effective_whiteouts(
    stack: LayerStack, marks: Iterable[tuple[str, int]], nodes: Mapping[str, int]
) -> list[tuple[str, int]]:
    """The whiteouts that matter beside the layer's own entries at the same paths.

    A whiteout under a file of the same layer is idle, since the file hides as much. A directory that comes after the
    whiteout takes its place on disk, so that the kernel merges the directory with the lower one: Docker and containerd
    both show the lower children then, against the letter of the specification. A directory before the whiteout makes
    both refuse the layer; there the specification is followed.
    """
    effective = []
    for path, ordinal in marks:
        own = nodes.get(path)
        if path and (own is None or (stack.is_directory(own) and own < ordinal)):
            effective.append((path, ordinal))
    return effective


def check_implied(layer: int, characters: int) -> None:
    """Raise LimitError where a layer implies more directories than any real one."""
    if characters > MAX_IMPLIED_CHARACTERS:
        raise LimitError(
            f"merging layer {layer}: the names of directories that hold something but have no entry take more than "
            f"{MAX_IMPLIED_CHARACTERS >> 20} MiB"
        )
