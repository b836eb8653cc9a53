"""What a container sees of two images, compared path by path and aspect by aspect."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from layerscope.diff.change import Change
from layerscope.filesystem.node import IMPLIED_MODE, SYMLINK_MODE, Node
from layerscope.filesystem.stack import ROOT, LayerStack
from layerscope.filesystem.tree import MergedTree
from layerscope.layers.columns import NO_DIGEST
from layerscope.layers.entry import EntryType
from layerscope.layers.index import NO_XATTRS

_Suspect = tuple[str, int, int | None]
"""A path, the number of its entry before, and of the one after."""


class Aspect(StrEnum):
    """In what two files at one path differ."""

    TYPE = "type"
    CONTENT = "content"
    """The bytes of a file, the target of a link, the number of a device."""
    MODE = "mode"
    OWNER = "owner"
    XATTRS = "extended attributes"
    HARD_LINKS = "hard links"
    TIME = "time"


@dataclass(frozen=True, slots=True)
class FileChange:
    """A path that differs: the file before and after, and in what they differ where there are both."""

    path: str
    before: Node | None
    after: Node | None
    aspects: tuple[Aspect, ...] = ()

    @property
    def change(self) -> Change:
        """What became of it."""
        if self.before is None:
            return Change.ADDED
        return Change.REMOVED if self.after is None else Change.CHANGED

    @property
    def growth(self) -> int:
        """Bytes that the container sees more of; a hard link brings none of its own."""
        return (self.after.own_size if self.after else 0) - (self.before.own_size if self.before else 0)


def iter_file_changes(before: MergedTree, after: MergedTree, *, shared: int) -> Iterator[FileChange]:
    """Every path that differs, in the order of a walk, those that were added last.

    The lowest `shared` layers are the same in both. A time that is not known, that of a directory which no entry names,
    equals every other.
    """
    comparison = _Comparison(before, after, shared)
    for path, ordinal, other in sorted(comparison.iter_suspects(before, after), key=_by_parts):
        if other is None:
            yield FileChange(path, Node(path, ordinal, before.stack), None)
        elif aspects := comparison.compare(path, ordinal, other):
            yield FileChange(path, Node(path, ordinal, before.stack), Node(path, other, after.stack), aspects)
    added = [(path, ordinal, None) for path, ordinal in after.items() if path not in before]
    for path, ordinal, _ in sorted(added, key=_by_parts):
        yield FileChange(path, None, Node(path, ordinal, after.stack))


class _Comparison:
    """Compares entries of two trees, most of which lie in layers that both share."""

    def __init__(self, before: MergedTree, after: MergedTree, shared: int) -> None:
        self._before, self._after = before.stack, after.stack
        self._limit = sum(map(len, before.stack.indexes[:shared]))
        self._links_before, self._links_after = _group_hard_links(before), _group_hard_links(after)
        self._touched = before.stack.attributes.keys() | after.stack.attributes.keys()

    def iter_suspects(self, before: MergedTree, after: MergedTree) -> Iterator[_Suspect]:
        """The paths of the first that may differ, in no order: all but those of an entry of a shared layer.

        This is asked of every path there is, and almost always says no: hence no call in it.
        """
        linked = self._links_before.keys() | self._links_after.keys()
        relinked = {path for path in linked if self._links_before.get(path) != self._links_after.get(path)}
        touched = self._touched | {link for link, one in self._before.hard_links.items() if one in self._touched}
        limit = self._limit
        for (path, one), other in zip(before.items(), after.find_ordinals(before), strict=True):
            if one != other or not 0 <= one < limit or one in touched or path in relinked:
                yield path, one, other

    def compare(self, path: str, one: int, other: int) -> tuple[Aspect, ...]:
        """In what two entries at one path differ."""
        has_same_links = self._links_before.get(path) == self._links_after.get(path)
        return tuple(self._iter_aspects(one, other, has_same_links=has_same_links))

    def _iter_aspects(self, one: int, other: int, *, has_same_links: bool) -> Iterator[Aspect]:
        before, after = self._before, self._after
        kind = before.type(one)
        if kind is not after.type(other):
            yield Aspect.TYPE
        elif not _has_same_content(before, one, after, other, kind):
            yield Aspect.CONTENT
        (mode, *owner), time, xattrs = _read_attributes(before, one)
        (other_mode, *other_owner), other_time, other_xattrs = _read_attributes(after, other)
        if mode != other_mode:
            yield Aspect.MODE
        if owner != other_owner:
            yield Aspect.OWNER
        if xattrs != other_xattrs:
            yield Aspect.XATTRS
        if not has_same_links:
            yield Aspect.HARD_LINKS
        if time is not None and other_time is not None and time != other_time:
            yield Aspect.TIME


def _by_parts(suspect: _Suspect) -> str:
    """A key that sorts by the parts of paths, parents first, as a walk does."""
    return suspect[0].replace("/", "\0")


def _has_same_content(before: LayerStack, one: int, after: LayerStack, other: int, kind: EntryType) -> bool:
    if kind in {EntryType.DIRECTORY, EntryType.FIFO}:
        return True
    layer, position = before.locate(before.content(one))
    other_layer, other_position = after.locate(after.content(other))
    index, other_index = before.indexes[layer], after.indexes[other_layer]
    if kind is EntryType.FILE:
        digest, size = index.digest(position), index.sizes[position]
        is_known = digest != NO_DIGEST or not size  # the bytes of huge sparse files are not hashed
        return is_known and (digest, size) == (other_index.digest(other_position), other_index.sizes[other_position])
    if kind is EntryType.SYMLINK:
        return index.links.get(position) == other_index.links.get(other_position)
    return index.devices.get(position) == other_index.devices.get(other_position)


def _read_attributes(stack: LayerStack, ordinal: int) -> tuple[tuple[int, int, int], int | None, object]:
    """Mode, uid and gid; the time, if it is known; the extended attributes."""
    if ordinal <= ROOT:
        return (IMPLIED_MODE, 0, 0), None, NO_XATTRS
    content = stack.content(ordinal)
    layer, position = stack.locate(stack.attributes.get(content, content))
    index = stack.indexes[layer]
    mode, uid, gid = index.attribute(position)
    time = index.mtimes_ns[position]
    layer, position = stack.locate(content)
    mode = SYMLINK_MODE if stack.type(ordinal) is EntryType.SYMLINK else mode
    return (mode, uid, gid), time, stack.indexes[layer].xattrs.get(position, NO_XATTRS)


def _group_hard_links(tree: MergedTree) -> dict[str, tuple[str, ...]]:
    """All paths that share their content with others, each with all of them."""
    groups: dict[int, list[str]] = {}
    for link, content in tree.stack.hard_links.items():
        path = tree.stack.path(link)
        if tree.ordinal(path) == link:
            groups.setdefault(content, []).append(path)
    grouped: dict[str, tuple[str, ...]] = {}
    for content, paths in groups.items():
        first = tree.stack.path(content)
        everyone = tuple(sorted({*paths, first} if tree.ordinal(first) == content else paths))
        if len(everyone) > 1:
            grouped |= dict.fromkeys(everyone, everyone)
    return grouped
