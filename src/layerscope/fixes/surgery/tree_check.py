"""What a container sees of two images, compared path by path: an edit must change nothing but what it names."""

from collections.abc import Iterator
from itertools import islice
from typing import Final

from layerscope.filesystem.node import Node
from layerscope.filesystem.tree import MergedTree
from layerscope.fixes.surgery.cuts import Attributes, ImageCuts, NewFile
from layerscope.fixes.surgery.times import clamp_time
from layerscope.layers.entry import EntryType

DIFFERENCES_LIMIT: Final = 20
"""Differences that are told: one is too many already."""

_WORDS: Final = ("type", "owner and mode", "time", "content", "link", "extended attributes", "device", "hard links")


def find_differences(before: MergedTree, after: MergedTree, cuts: ImageCuts) -> tuple[str, ...]:
    """How the trees differ apart from what the cuts say; a few of many."""
    return tuple(islice(_iter_differences(before, after, cuts), DIFFERENCES_LIMIT))


def _iter_differences(before: MergedTree, after: MergedTree, cuts: ImageCuts) -> Iterator[str]:
    first_before: dict[int, str] = {}
    first_after: dict[int, str] = {}
    for path, ordinal in before.walk_ordinals():
        if path in cuts.paths:
            if path in after:
                yield f"/{path} is still there"
            continue
        if path in cuts.files:
            continue
        other = after.ordinal(path)
        if other is None:
            yield f"/{path} is missing"
            continue
        one = _describe(Node(path, ordinal, before.stack), first_before, is_timed=other >= 0, latest=cuts.latest)
        two = _describe(Node(path, other, after.stack), first_after, is_timed=ordinal >= 0)
        if one != two:
            yield f"/{path} has other {_tell_difference(one, two)}"
    yield from (f"/{path} is new" for path in after.walk_paths() if path not in before and path not in cuts.top)
    new = {path: each for path, each in cuts.top.items() if path not in before}
    for path, wanted in sorted((new | dict(cuts.files)).items()):
        node = after.get(path)
        if node is None:
            yield f"/{path} is missing"
        elif told := _tell_difference(_describe_new(path, wanted, cuts.latest), _describe(node, {}, is_timed=True)):
            yield f"/{path} has other {told} than was wanted"


def _tell_difference(one: tuple[object, ...], two: tuple[object, ...]) -> str:
    return ", ".join(word for word, old, new in zip(_WORDS, one, two, strict=True) if old != new)


def _describe_new(path: str, new: NewFile | Attributes, latest: int | None) -> tuple[object, ...]:
    """All that a container should see of a file or directory that was put there."""
    given = new.attributes if isinstance(new, NewFile) else new
    kind = EntryType.FILE if isinstance(new, NewFile) else EntryType.DIRECTORY
    content = (new.size, new.digest) if isinstance(new, NewFile) else (0, None)
    time = clamp_time(given.mtime_ns, latest)
    return kind, (given.mode, given.uid, given.gid), time, content, None, dict(given.xattrs), None, path


def _describe(node: Node, first: dict[int, str], *, is_timed: bool, latest: int | None = None) -> tuple[object, ...]:
    """All that a container could see of a node; hard links by the first path that had the same content.

    A directory that no entry names gets its time when it is unpacked. Of a time after `latest`, this is what is wanted.
    """
    shared = first.setdefault(node.stack.content(node.ordinal), node.path)
    time = clamp_time(node.mtime_ns, latest) if is_timed and node.mtime_ns is not None else None
    content = (node.size, node.digest)
    attributes = (node.mode, node.uid, node.gid)
    return node.type, attributes, time, content, node.link, dict(node.xattrs), node.device, shared
