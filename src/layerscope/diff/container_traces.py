"""What differs between an image and a container although the container did not write it: the traces of engines."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from layerscope.diff.change import Change
from layerscope.diff.trees import Aspect, FileChange
from layerscope.filesystem.node import Node
from layerscope.image.container import ContainerFiles, iter_up
from layerscope.layers.entry import EntryType

_SECOND: Final = 1_000_000_000


def drop_container_traces(changes: Iterable[FileChange], container: ContainerFiles) -> Iterator[FileChange]:
    """The changes that are left: no mounts, nor folders that lead to one alone, and no times of folders.

    The time of a folder says that something in it came or went, be it a file that an engine puts there; what came or
    went is told itself. Engines that export files tell their times in whole seconds.
    """
    own = [change for change in changes if container.is_own(change.path) and not _is_added(change, container)]
    used = {above for each in own if not _leads_to_mount(each, container) for above in iter_up(each.path)}
    for change in own:
        if change.path not in used:
            continue
        left = tuple(aspect for aspect in change.aspects if aspect is not Aspect.TIME or _has_other_time(change))
        if left == change.aspects:
            yield change
        elif left:
            yield replace(change, aspects=left)


def _is_added(change: FileChange, container: ContainerFiles) -> bool:
    return change.change is Change.ADDED and change.path in container.added


def _leads_to_mount(change: FileChange, container: ContainerFiles) -> bool:
    is_folder = change.after is not None and change.after.type is EntryType.DIRECTORY
    return change.change is Change.ADDED and is_folder and container.is_way(change.path)


def _has_other_time(change: FileChange) -> bool:
    before, after = change.before, change.after
    assert before is not None, "what has aspects is there on both sides"
    assert after is not None, "what has aspects is there on both sides"
    if after.type is EntryType.DIRECTORY:
        return False
    return not (_is_whole(before) ^ _is_whole(after)) or _seconds(before) != _seconds(after)


def _is_whole(node: Node) -> bool:
    return not (node.mtime_ns or 0) % _SECOND


def _seconds(node: Node) -> int:
    return (node.mtime_ns or 0) // _SECOND
