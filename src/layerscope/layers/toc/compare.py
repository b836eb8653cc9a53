"""The differences between a layer's table of contents and its tar: what two runtimes would see of one layer."""

from collections.abc import Iterator
from typing import Final

from layerscope.layers.columns import NO_DIGEST
from layerscope.layers.entry import DEVICES, WHITEOUTS, EntryType
from layerscope.layers.index import DIGEST_SIZE, LayerIndex
from layerscope.layers.toc.document import TABLE_NAME, UNKNOWN_TIME
from layerscope.layers.toc.result import TableDifference

ABSENT: Final = "not there"

_SAME_TIME_NS: Final = 10**9
"""eStargz rounds times to a second."""

_FILE: Final = EntryType.FILE.value
_Key = tuple[str, int]
_KINDS: Final = {
    EntryType.FILE: "a file",
    EntryType.DIRECTORY: "a directory",
    EntryType.SYMLINK: "a symbolic link",
    EntryType.HARDLINK: "a hard link",
    EntryType.CHARACTER_DEVICE: "a character device",
    EntryType.BLOCK_DEVICE: "a block device",
    EntryType.FIFO: "a FIFO",
    EntryType.WHITEOUT: "a whiteout",
    EntryType.OPAQUE: "an opaque whiteout",
}


def compare_table(table: LayerIndex, tar: LayerIndex, *, is_in_tar: bool) -> Iterator[TableDifference]:
    """Yield every difference, in the order of the tar, and then what only the table has.

    A table that is itself in the tar does not list itself.
    Of a path that comes more than once the last entry counts, as it does when the layer is unpacked.
    """
    listed, there = _find_last(table), _find_last(tar)
    own = there.get((TABLE_NAME.decode(), 0))
    if is_in_tar and own is not None and tar.types[own] == EntryType.FILE:
        del there[TABLE_NAME.decode(), 0]
    for key, position in there.items():
        other = listed.pop(key, None)
        if other is None:
            yield TableDifference(_show(key[0]), "presence", ABSENT, _KINDS[EntryType(tar.types[position])])
        elif key[1] == 0 and not _is_same_file(table, other, tar, position):
            yield from _compare_entry(key[0], table, other, tar, position)
    for key, other in listed.items():
        yield TableDifference(_show(key[0]), "presence", _KINDS[EntryType(table.types[other])], ABSENT)


def _is_same_file(table: LayerIndex, other: int, tar: LayerIndex, position: int) -> bool:
    """Whether both are files that are alike in everything, as nearly all are; False says nothing."""
    start, stop = position * DIGEST_SIZE, (position + 1) * DIGEST_SIZE
    digest = tar.digests[start:stop]
    return (
        table.types[other] == tar.types[position] == _FILE
        and table.sizes[other] == tar.sizes[position]
        and table.digests[other * DIGEST_SIZE : (other + 1) * DIGEST_SIZE] == digest != NO_DIGEST
        and table.attribute_table[table.attributes[other]] == tar.attribute_table[tar.attributes[position]]
        and abs(table.mtimes_ns[other] - tar.mtimes_ns[position]) < _SAME_TIME_NS
        and table.xattrs.get(other) == tar.xattrs.get(position)
    )


def _find_last(index: LayerIndex) -> dict[_Key, int]:
    """Positions by path; whiteouts stand beside what has the same path."""
    types = index.types
    return {
        (path, types[position] if types[position] in WHITEOUTS else 0): position
        for position, path in enumerate(index.paths)
    }


def _show(path: str) -> str:
    return f"/{_escape(path)}"


def _escape(text: str) -> str:
    """Text with bytes that are not UTF-8 written out: what is told of them has to be stored and shown."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _compare_entry(
    path: str, table: LayerIndex, other: int, tar: LayerIndex, position: int
) -> Iterator[TableDifference]:
    """The differences of two entries of one path, none of them a whiteout."""
    kinds = EntryType(table.types[other]), EntryType(tar.types[position])
    pairs: list[tuple[str, object, object]] = []
    if kinds[0] is not kinds[1]:
        pairs.append(("type", _KINDS[kinds[0]], _KINDS[kinds[1]]))
    elif kinds[0] in {EntryType.SYMLINK, EntryType.HARDLINK}:
        pairs.append(("target", table.links.get(other), tar.links.get(position)))
    elif kinds[0] in DEVICES:
        pairs.append(("device", table.devices.get(other), tar.devices.get(position)))
    elif kinds[0] is EntryType.FILE:
        pairs.append(("size", table.sizes[other], tar.sizes[position]))
        digests = table.digest(other), tar.digest(position)
        if tar.sizes[position] and digests[1] != NO_DIGEST:  # huge sparse files have none
            listed, there = ("no one digest" if each == NO_DIGEST else each.hex()[:12] for each in digests)
            pairs.append(("content", listed, there))
    if kinds[0] is kinds[1] and kinds[0] is not EntryType.HARDLINK:
        pairs.extend(_pair_attributes(table, other, tar, position, has_mode=kinds[0] is not EntryType.SYMLINK))
    for what, ours, theirs in pairs:
        if ours != theirs:
            yield TableDifference(_show(path), what, _tell(ours), _tell(theirs))


def _pair_attributes(
    table: LayerIndex, other: int, tar: LayerIndex, position: int, *, has_mode: bool
) -> Iterator[tuple[str, object, object]]:
    """What every file system object has; a hard link has those of what it leads to."""
    mode, *owner = table.attribute_table[table.attributes[other]]
    tar_mode, *tar_owner = tar.attribute_table[tar.attributes[position]]
    if has_mode:
        yield "mode", f"{mode:04o}", f"{tar_mode:04o}"
    yield "owner", tuple(owner), tuple(tar_owner)
    time, tar_time = table.mtimes_ns[other], tar.mtimes_ns[position]
    if time != UNKNOWN_TIME and abs(time - tar_time) >= _SAME_TIME_NS:
        yield "time", time // 10**9, tar_time // 10**9
    yield "attributes", table.xattrs.get(other, {}), tar.xattrs.get(position, {})


def _tell(value: object) -> str:
    """A value for a person, short."""
    if isinstance(value, tuple):
        return ":".join(map(str, value))
    if isinstance(value, dict):
        return _escape(", ".join(sorted(value))) or "none"
    return _escape(str(value)[:200])
