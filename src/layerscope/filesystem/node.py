"""Node: one path that the container sees, and the entry behind it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from layerscope.filesystem.stack import LayerStack
from layerscope.layers.entry import Entry, EntryType
from layerscope.layers.index import NO_XATTRS, LayerIndex

IMPLIED_MODE: Final = 0o755
"""Unpackers create the parents that no entry names with this mode, owned by root (moby's ImpliedDirectoryMode)."""

SYMLINK_MODE: Final = 0o777
"""Linux keeps no mode for symlinks and shows this one, whatever the tar says."""


@dataclass(frozen=True, slots=True)
class Node:
    """One path of a merged tree.

    `layer`, `position` and `index` say which entry put the path there; for a hard link `content_layer`,
    `content_position` and `content_path` say where its content lies, and type, size, mode and all else are those of the
    inode it shares. A directory that no layer names is `is_implied`: position -1, mode 0755, root's, time unknown.
    """

    path: str
    ordinal: int
    stack: LayerStack = field(repr=False, compare=False)

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]

    @property
    def layer(self) -> int:
        """The layer whose entry put the path there."""
        return self.stack.locate(self.ordinal)[0]

    @property
    def position(self) -> int:
        """The position of that entry in its layer; -1 where no entry names the directory."""
        return self.stack.locate(self.ordinal)[1]

    @property
    def index(self) -> LayerIndex:
        """The index of that layer."""
        return self.stack.indexes[self.layer]

    @property
    def is_implied(self) -> bool:
        """Whether this directory exists only because something lies in it."""
        return self.ordinal < 0

    @property
    def is_hard_link(self) -> bool:
        """Whether the path was added as a hard link to another one."""
        return self.ordinal >= 0 and self.stack.types[self.ordinal] == EntryType.HARDLINK

    @property
    def content_layer(self) -> int:
        """The layer that holds the content."""
        return self.stack.locate(self.stack.content(self.ordinal))[0]

    @property
    def content_position(self) -> int:
        """The position of the entry that holds the content."""
        return self.stack.locate(self.stack.content(self.ordinal))[1]

    @property
    def content_path(self) -> str:
        """The path of the entry that holds the content, as its layer names it."""
        layer, position = self.stack.locate(self.stack.content(self.ordinal))
        return self.path if position < 0 else self.stack.indexes[layer].paths[position]

    @property
    def type(self) -> EntryType:
        """What the container sees; HARDLINK only for a hard link that leads nowhere."""
        return self.stack.type(self.ordinal)

    @property
    def size(self) -> int:
        """Bytes of the content."""
        return self.stack.size(self.stack.content(self.ordinal))

    @property
    def own_size(self) -> int:
        """Bytes that the path brings along: 0 for a hard link, unless it stands for content whose own path is gone."""
        content = self.stack.content(self.ordinal)
        return self.stack.size(content if self.stack.heirs.get(content) == self.ordinal else self.ordinal)

    @property
    def mode(self) -> int:
        """Permission bits, set-uid and the like included."""
        return self.attributes[0]

    @property
    def uid(self) -> int:
        """The owner's number."""
        return self.attributes[1]

    @property
    def gid(self) -> int:
        """The group's number."""
        return self.attributes[2]

    @property
    def attributes(self) -> tuple[int, int, int]:
        """Mode, uid and gid, for less than each of them takes."""
        if self.is_implied:
            return IMPLIED_MODE, 0, 0
        index, position = self._attribute_place()
        mode, uid, gid = index.attribute(position)
        return SYMLINK_MODE if self.type is EntryType.SYMLINK else mode, uid, gid

    @property
    def mtime_ns(self) -> int | None:
        """Nanoseconds since 1970, or None for a directory that no entry names."""
        if self.is_implied:
            return None
        index, position = self._attribute_place()
        return index.mtimes_ns[position]

    @property
    def link(self) -> str | None:
        """A symlink's target as written."""
        if self.type is not EntryType.SYMLINK:
            return None
        index, position = self._content_place()
        return index.links.get(position, "")

    @property
    def digest(self) -> bytes | None:
        """The raw SHA-256 of a file's content."""
        if self.type is not EntryType.FILE:
            return None
        index, position = self._content_place()
        return index.digest(position)

    @property
    def xattrs(self) -> Mapping[str, bytes]:
        """Extended attributes."""
        if self.is_implied:
            return NO_XATTRS
        index, position = self._content_place()
        return index.xattrs.get(position, NO_XATTRS)

    @property
    def device(self) -> tuple[int, int] | None:
        """A device's major and minor number."""
        if self.is_implied:
            return None
        index, position = self._content_place()
        return index.devices.get(position)

    @property
    def entry(self) -> Entry:
        """The node as an entry at its own path, with the content and the attributes of its inode."""
        offset = 0
        if not self.is_implied:
            index, position = self._content_place()
            offset = index.offsets[position]
        mode, uid, gid = self.attributes
        return Entry(
            path=self.path,
            type=self.type,
            mode=mode,
            uid=uid,
            gid=gid,
            size=self.size,
            mtime_ns=self.mtime_ns or 0,
            link=self.link if self.type is not EntryType.HARDLINK else self.index.links.get(self.position),
            digest=self.digest,
            xattrs=self.xattrs,
            device=self.device,
            offset=offset,
        )

    def _content_place(self) -> tuple[LayerIndex, int]:
        """Index and position of the entry that holds the content."""
        layer, position = self.stack.locate(self.stack.content(self.ordinal))
        return self.stack.indexes[layer], position

    def _attribute_place(self) -> tuple[LayerIndex, int]:
        """Index and position of the entry whose header set mode, owner and time."""
        content = self.stack.content(self.ordinal)
        layer, position = self.stack.locate(self.stack.attributes.get(content, content))
        return self.stack.indexes[layer], position
