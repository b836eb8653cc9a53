"""What an extraction will write: decided from the tree alone, before anything is written."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from layerscope.errors import LimitError, TreeError
from layerscope.filesystem.node import Node
from layerscope.filesystem.paths import is_within
from layerscope.filesystem.tree import MergedTree
from layerscope.layers.entry import EntryType
from layerscope.layers.limits import NAME_MAX, PATH_MAX

MAX_FOLLOWED: Final = 1_000_000
"""Paths written for symlinks that are followed: a few links to each other's directories can ask for any number."""

_DIRECTORY_BITS: Final = 0o700
_FILE_BITS: Final = 0o400
_KEPT_BITS: Final = 0o777

_UNWRITTEN: Final = {
    EntryType.CHARACTER_DEVICE: "a character device is not written",
    EntryType.BLOCK_DEVICE: "a block device is not written",
    EntryType.FIFO: "a named pipe is not written",
    EntryType.HARDLINK: "a hard link to something that is not there",
}

Parts = tuple[bytes, ...]
"""A path below the target, name by name, in the bytes of the image."""


class Links(StrEnum):
    """What becomes of symlinks."""

    KEEP = "keep"
    """They are written where they cannot lead out of the target."""
    ROOTED = "rooted"
    """They are written as they are: the target becomes the root of a process, and nobody else follows them."""
    FOLLOW = "follow"
    """What they lead to in the image is written in their place."""


class PlannedDirectory(Struct, frozen=True):
    """A directory to be made; its owner can always write to it."""

    parts: Parts
    mode: int


class PlannedFile(Struct, frozen=True):
    """A file to be written, with where its content lies; its owner can always read it."""

    parts: Parts
    mode: int
    path: str
    layer: int
    position: int
    size: int
    digest: bytes
    mtime_ns: int


class PlannedLink(Struct, frozen=True):
    """A symlink to be made."""

    parts: Parts
    target: bytes


class Skipped(Struct, frozen=True):
    """A path that is not written, and why."""

    path: str
    reason: str


class ExtractionPlan(Struct, frozen=True):
    """All that is to be written for one path of the image, parents first; that path itself has no parts."""

    path: str
    is_directory: bool
    directories: tuple[PlannedDirectory, ...]
    files: tuple[PlannedFile, ...]
    links: tuple[PlannedLink, ...]
    skipped: tuple[Skipped, ...]

    @property
    def size(self) -> int:
        """Bytes that will be written."""
        return sum(file.size for file in self.files)

    def below(self, prefix: Parts) -> "ExtractionPlan":
        """The same plan, to be written some directories deeper."""
        return replace(
            self,
            directories=tuple(replace(item, parts=prefix + item.parts) for item in self.directories),
            files=tuple(replace(item, parts=prefix + item.parts) for item in self.files),
            links=tuple(replace(item, parts=prefix + item.parts) for item in self.links),
        )


def plan_extraction(tree: MergedTree, path: str, *, links: Links = Links.KEEP) -> ExtractionPlan:
    """Plan to write what lies at `path`, and all below it; raises TreeError where nothing lies there."""
    node = tree.get(path)
    if node is not None and links is Links.FOLLOW:
        node = tree.resolve(path)
    if node is None:
        raise TreeError(f"extracting /{path}: it is not in the image, or leads to nothing there")
    planner = _Planner(tree, links)
    planner.plan(node)
    return ExtractionPlan(
        path=path,
        is_directory=node.type is EntryType.DIRECTORY,
        directories=tuple(planner.directories),
        files=tuple(planner.files),
        links=tuple(planner.links),
        skipped=tuple(sorted(planner.skipped, key=lambda skipped: skipped.path)),
    )


class _Step(Struct, frozen=True):
    """A node to be planned, where it goes, and the directories in which links were followed on the way to it."""

    node: Node
    parts: Parts
    jumps: tuple[str, ...]


class _Planner:
    """The plan so far."""

    def __init__(self, tree: MergedTree, links: Links) -> None:
        self._tree = tree
        self._follows = links is Links.FOLLOW
        self._is_rooted = links is Links.ROOTED
        self._followed = 0
        self.directories: list[PlannedDirectory] = []
        self.files: list[PlannedFile] = []
        self.links: list[PlannedLink] = []
        self.skipped: list[Skipped] = []

    def plan(self, top: Node) -> None:
        """Plan a node and all below it."""
        pending = [_Step(top, (), ())]
        while pending:
            step = pending.pop()
            if step.jumps:
                self._followed += 1
                if self._followed > MAX_FOLLOWED:
                    raise LimitError(f"extracting /{top.path}: following links takes more than {MAX_FOLLOWED} paths")
            pending.extend(reversed(list(self._plan_step(step))))

    def _plan_step(self, step: _Step) -> Iterator[_Step]:
        """Plan one node; yields what lies in it or what it leads to."""
        node = step.node
        match node.type:
            case EntryType.DIRECTORY:
                self.directories.append(PlannedDirectory(step.parts, node.mode & _KEPT_BITS | _DIRECTORY_BITS))
                yield from self._enter(step)
            case EntryType.FILE:
                self._plan_file(step)
            case EntryType.SYMLINK if self._follows:
                yield from self._follow(step)
            case EntryType.SYMLINK:
                self._plan_link(step)
            case kind:
                self.skipped.append(Skipped(node.path, _UNWRITTEN[kind]))

    def _enter(self, step: _Step) -> Iterator[_Step]:
        """What lies in a directory and has a name that can be written."""
        for path in self._tree.children(step.node.path):
            child = self._tree.get(path)
            assert child is not None, "children of nodes are nodes"
            name = encode_name(child.name)
            if name is None:
                self.skipped.append(Skipped(path, "no file system takes a name that long, or with these characters"))
            else:
                yield _Step(child, (*step.parts, name), step.jumps)

    def _plan_file(self, step: _Step) -> None:
        """Plan a regular file."""
        node = step.node
        assert node.digest is not None, "files have digests"
        self.files.append(
            PlannedFile(
                parts=step.parts,
                mode=node.mode & _KEPT_BITS | _FILE_BITS,
                path=node.path,
                layer=node.content_layer,
                position=node.content_position,
                size=node.size,
                digest=node.digest,
                mtime_ns=node.mtime_ns or 0,
            )
        )

    def _plan_link(self, step: _Step) -> None:
        """Plan a symlink that cannot lead out of the target."""
        target = step.node.link or ""
        depth = max(len(step.parts) - 1, 0)
        reason = explain_unstorable_link(target) if self._is_rooted else explain_unsafe_link(target, depth=depth)
        if reason is None:
            self.links.append(PlannedLink(step.parts, target.encode("utf-8", "surrogateescape")))
        else:
            self.skipped.append(Skipped(step.node.path, reason))

    def _follow(self, step: _Step) -> Iterator[_Step]:
        """What a symlink leads to, unless that is a directory it lies in."""
        resolution = self._tree.resolve_steps(step.node.path)
        found = resolution.node
        if found is None:
            self.skipped.append(
                Skipped(step.node.path, f"its link leads to nothing in the image ({resolution.failure})")
            )
            return
        jumps = (*step.jumps, step.node.path.rpartition("/")[0])
        if found.type is EntryType.DIRECTORY and any(is_within(jump, found.path) for jump in jumps):
            self.skipped.append(Skipped(step.node.path, "its link leads to a directory that it lies in"))
            return
        yield _Step(found, step.parts, jumps)


def encode_name(name: str) -> bytes | None:
    """The bytes of a name that Linux can store, or None."""
    try:
        raw = name.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return None
    is_storable = raw not in {b"", b".", b".."} and b"/" not in raw and b"\0" not in raw and len(raw) <= NAME_MAX
    return raw if is_storable else None


def explain_unsafe_link(target: str, *, depth: int) -> str | None:
    """Why a symlink so many directories below the target's root may not be written; None where it may.

    A link is safe if it is relative and climbs, before all else, no higher than the root. With `..` after a name it
    could climb out through another link; without, it can reach only what such links reach.
    """
    if target.startswith("/"):
        return "an absolute symlink is not written"
    parts = [part for part in target.split("/") if part not in {"", "."}]
    climbs = next((place for place, part in enumerate(parts) if part != ".."), len(parts))
    if climbs > depth:
        return "a symlink that leads out of the target is not written"
    if ".." in parts[climbs:]:
        return "a symlink with '..' after a name is not written, since it could lead out of the target"
    return explain_unstorable_link(target)


def explain_unstorable_link(target: str) -> str | None:
    """Why no file system takes a symlink with that target; None where one does."""
    try:
        raw = target.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raw = b""
    if not raw or b"\0" in raw or len(raw) >= PATH_MAX:
        return "no file system stores a symlink with that target"
    return None
