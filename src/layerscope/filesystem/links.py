"""Symlinks followed as the kernel does it in the container: inside the merged tree only, and not for ever."""

from collections import deque
from collections.abc import Callable
from enum import StrEnum
from typing import Final

from msgspec import Struct

from layerscope.filesystem.node import Node
from layerscope.layers.entry import EntryType

MAX_SYMLINKS: Final = 40
"""Symlinks that Linux follows for one path before it says ELOOP (MAXSYMLINKS, include/linux/namei.h)."""


class LinkFailure(StrEnum):
    """Why a path leads to nothing."""

    MISSING = "missing"
    """A part of it does not exist."""
    NOT_A_DIRECTORY = "not a directory"
    """A part that something is looked for in is not a directory."""
    TOO_MANY_LINKS = "too many links"
    """More symlinks than the kernel follows: a loop, or nearly one."""


class LinkStep(Struct, frozen=True):
    """A symlink that was followed: where it lies and what it says."""

    path: str
    target: str


class Resolution(Struct, frozen=True):
    """Where a path leads: to `node`, or to a `failure` at the path `stopped_at`, by way of the symlinks in `steps`."""

    node: Node | None
    steps: tuple[LinkStep, ...] = ()
    failure: LinkFailure | None = None
    stopped_at: str = ""


def resolve_path(path: str, find: Callable[[str], Node | None], *, follow_last: bool) -> Resolution:
    """Follow `path` from the root, a part at a time, with `find` telling what lies at a path without links in it.

    Absolute targets start at the tree's root and `..` stays there, so nothing outside plays a part. A slash at the end
    asks for a directory.
    """
    steps: list[LinkStep] = []
    pending = deque(path.split("/"))
    node = find("")
    assert node is not None, "every tree has a root"
    while pending:
        part = pending.popleft()
        if node.type is not EntryType.DIRECTORY:
            return Resolution(None, tuple(steps), LinkFailure.NOT_A_DIRECTORY, node.path)
        if part in {"", "."}:
            continue
        if part == "..":
            node = _find_directory(find, node.path.rpartition("/")[0])
            continue
        below = f"{node.path}/{part}" if node.path else part
        found = find(below)
        if found is None:
            return Resolution(None, tuple(steps), LinkFailure.MISSING, below)
        target = found.link if pending or follow_last else None
        if target is None:
            node = found
            continue
        steps.append(LinkStep(below, target))
        if len(steps) > MAX_SYMLINKS:
            return Resolution(None, tuple(steps), LinkFailure.TOO_MANY_LINKS, below)
        if not target:
            return Resolution(None, tuple(steps), LinkFailure.MISSING, below)
        if target.startswith("/"):
            node = _find_directory(find, "")
        pending.extendleft(reversed(target.split("/")))
    return Resolution(node, tuple(steps))


def _find_directory(find: Callable[[str], Node | None], path: str) -> Node:
    """A directory above one that exists."""
    node = find(path)
    assert node is not None, "parents of nodes are nodes"
    return node
