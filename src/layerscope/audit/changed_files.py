"""What a container sees of an image that was built again, compared with what it was built as before.

A build makes files anew, so that more of them differ than was meant. Times do not count; the rest is counted by top
folder, what the steps that were to be made anew explain apart from what they do not.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from layerscope.filesystem.node import Node
from layerscope.filesystem.tree import MergedTree

SHOWN_PATHS: Final = 20
"""Paths that no instruction explains which are kept by name."""


class FileChange(StrEnum):
    """What became of a file."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


Counts = Mapping[str, Mapping[FileChange, int]]
"""By top folder."""


@dataclass(frozen=True)
class ChangedFiles:
    """Files that differ: those of instructions that were edited or to be made anew, and the others, some by name."""

    expected: Counts
    others: Counts
    paths: tuple[str, ...]

    @property
    def total(self) -> int:
        """How many there are in all."""
        return sum(sum(each.values()) for counts in (self.expected, self.others) for each in counts.values())


def compare_files(
    before: MergedTree, after: MergedTree, *, layers_before: Collection[int], layers_after: Collection[int]
) -> ChangedFiles:
    """Count what differs; the layers are those in which a difference is expected, of the image before and after."""
    expected: dict[str, Counter[FileChange]] = {}
    others: dict[str, Counter[FileChange]] = {}
    paths: list[str] = []
    for path, change, layer, other in _iter_changes(before, after):
        is_expected = layer in layers_before or other in layers_after
        (expected if is_expected else others).setdefault(_find_folder(path), Counter())[change] += 1
        if not is_expected and len(paths) < SHOWN_PATHS:
            paths.append(path)
    return ChangedFiles(_order(expected), _order(others), tuple(paths))


def _iter_changes(before: MergedTree, after: MergedTree) -> Iterator[tuple[str, FileChange, int | None, int | None]]:
    """Every path that differs, how, and the layers that brought it before and after."""
    for path, ordinal in before.walk_ordinals():
        other = after.ordinal(path)
        old = Node(path, ordinal, before.stack)
        if other is None:
            yield path, FileChange.REMOVED, old.layer, None
            continue
        new = Node(path, other, after.stack)
        if _describe(old) != _describe(new):
            yield path, FileChange.CHANGED, old.layer, new.layer
    for path, ordinal in after.walk_ordinals():
        if path not in before:
            yield path, FileChange.ADDED, None, Node(path, ordinal, after.stack).layer


def _describe(node: Node) -> tuple[object, ...]:
    """All that a container could see of a file but its times."""
    return node.type, node.mode, node.uid, node.gid, node.size, node.digest, node.link, dict(node.xattrs), node.device


def _find_folder(path: str) -> str:
    return f"/{path.partition('/')[0]}"


def _order(counts: Mapping[str, Counter[FileChange]]) -> Counts:
    """The folders with most changes first."""
    return dict(sorted(counts.items(), key=lambda item: (-item[1].total(), item[0])))
