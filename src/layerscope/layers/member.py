"""MemberReader: one tar member of any kind into the columns, its extended headers applied."""

from array import array
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from itertools import chain
from typing import TypeVar

from layerscope.layers import anomaly
from layerscope.layers.attribute import find_refusal
from layerscope.layers.columns import NO_DIGEST
from layerscope.layers.entry import DEVICES, EntryType
from layerscope.layers.extended_header import Extension
from layerscope.layers.extractor_set import WatchedFile
from layerscope.layers.limits import MAX_XATTR, NAME_MAX, PATH_MAX
from layerscope.layers.path import decode_name, find_start, is_bookkeeping, normalise_path, split_whiteout
from layerscope.layers.pax import XATTR_PREFIX, own_by_records, parse_count, parse_integer, parse_seconds
from layerscope.layers.scan_parts import ScanParts
from layerscope.layers.sparse_member import find_sparse_name, is_miscounted, is_sparse, read_digest, read_map
from layerscope.layers.tar_header import (
    BLOCK,
    SIZE,
    HeaderError,
    check_star_times,
    is_owner,
    read_attributes,
    read_device,
    read_link,
    read_name,
    read_size,
    read_unused_size,
)

T = TypeVar("T")

_OLD_FILE = 0
_TYPES = {
    ord("0"): EntryType.FILE,
    _OLD_FILE: EntryType.FILE,
    ord("7"): EntryType.FILE,
    ord("S"): EntryType.FILE,
    ord("1"): EntryType.HARDLINK,
    ord("2"): EntryType.SYMLINK,
    ord("3"): EntryType.CHARACTER_DEVICE,
    ord("4"): EntryType.BLOCK_DEVICE,
    ord("5"): EntryType.DIRECTORY,
    ord("6"): EntryType.FIFO,
}
_UNHANDLED = frozenset(b"7S")
"""Types that are read here and that no runtime unpacks: contiguous files, and GNU's old sparse ones."""
_DEVICE_READERS = DEVICES | {EntryType.FILE}
"""Those that need their device numbers, and plain files, of which the hot loop reads none."""
_NO_SIZE = b"00000000000\0"
"""What nearly all writers put for what has no content."""
_OWNERS = frozenset({b"uid", b"gid"})
_OTHER_TIMES = frozenset({b"atime", b"ctime"})
"""Records that nobody needs, but that must be numbers, or Go's archive/tar refuses the header."""


class MemberReader:
    """Reads members that the scanner's hot loop leaves: long names, links, devices, whiteouts, anything odd."""

    def __init__(self, parts: ScanParts, holes: int) -> None:
        """Read what `parts.reader` stands at, and hash that many bytes of holes."""
        self._reader, self._headers, self._columns = parts.reader, parts.headers, parts.columns
        self._extractors, self._names, self._hashes = parts.extractors, parts.names, parts.hashes
        self._holes = holes
        self._start = 0

    def show_name(self, raw: bytes) -> str:
        """A raw name for a message."""
        return decode_name(raw).strip("/")

    def take(self, header: bytes, extension: Extension) -> None:
        """Read the member whose header this is; raises HeaderError and TruncatedError."""
        offset = self._reader.offset - BLOCK if extension.offset is None else extension.offset
        records = extension.records
        flag = header[156]
        kind = _TYPES.get(flag)
        raw = extension.name or records.get(b"path") or read_name(header)
        if flag == _OLD_FILE and raw.endswith(b"/"):
            kind = EntryType.DIRECTORY
        size = self._size(header, records, kind, raw, offset)
        name = self._choose_name(raw, find_sparse_name(header, records), offset)
        path = self._path(name, offset)
        self._start = find_start(name)
        whiteout = None if path is None else self._whiteout(path, offset)
        if path == "" and kind is not EntryType.DIRECTORY:
            self._columns.note_root(decode_name(name), self._start, offset)
        elif whiteout is None and (kind is None or flag in _UNHANDLED):
            self._columns.note(anomaly.UNKNOWN_TYPE, path or "", f"type {chr(flag)!r}", offset)
        if whiteout is not None:
            self._add(header, extension, whiteout[1], whiteout[0], offset)
        if whiteout is not None or kind is None or path is None or (path == "" and kind is not EntryType.DIRECTORY):
            self._skip(header, records, kind, size)
        elif kind is EntryType.FILE and is_sparse(header, records):
            self._take_sparse(header, extension, path, size, offset)
        else:
            if is_sparse(header, records):
                self._columns.note(anomaly.INVALID_EXTENDED_HEADER, path, "holes in what is no file", offset)
            self._take_simple(header, extension, path, kind, size=size, offset=offset)

    def _choose_name(self, raw: bytes, sparse: bytes, offset: int) -> bytes:
        """The name of a sparse file, if it has one of its own, and one that a file can have."""
        if b"\0" not in sparse:
            return sparse or raw
        detail = "GNU.sparse.name holds a zero byte"
        self._columns.note(anomaly.INVALID_EXTENDED_HEADER, self.show_name(raw), detail, offset)
        return raw

    def _skip(self, header: bytes, records: Mapping[bytes, bytes], kind: EntryType | None, size: int) -> None:
        """Pass the content of what is no entry, or none with content."""
        is_mapped = kind is EntryType.FILE and is_sparse(header, records)
        self._reader.skip(read_map(self._reader, header, records, size).stored if is_mapped else size)
        self._reader.skip_padding(size)

    def _size(
        self, header: bytes, records: Mapping[bytes, bytes], kind: EntryType | None, raw: bytes, offset: int
    ) -> int:
        """Bytes that follow the header; sizes that do not count must be numbers, too, or Go refuses the header."""
        has_content = kind in {None, EntryType.FILE}
        if has_content and b"size" not in records:
            return read_size(header)
        if header[SIZE] != _NO_SIZE:
            self._number(partial(read_unused_size, header), 0, self.show_name(raw), offset)
        if not has_content:
            # no bytes follow these, whatever their size field says (as in Go's archive/tar)
            if b"size" in records:
                self._number(partial(parse_integer, records[b"size"]), 0, self.show_name(raw), offset)
            return 0
        try:
            return parse_count(records[b"size"])
        except ValueError as error:
            raise HeaderError(f"an extended header whose size is {records[b'size'][:40]!r}") from error

    def _path(self, raw: bytes, offset: int) -> str | None:
        name = decode_name(raw)
        plain = name.removesuffix("/").removeprefix("./")
        if self._names.admits(plain):
            return plain
        path, anomalies = normalise_path(name)
        for kind in anomalies:
            self._columns.note(kind, name.lstrip("/"), "", offset)
        if path is None:
            self._columns.count_dot(offset)
        # what Linux cannot hold is no entry: no runtime unpacks the layer, and a bomb of names must not fill memory
        return None if path is not None and len(path) >= PATH_MAX else path

    def _whiteout(self, path: str, offset: int) -> tuple[EntryType, str] | None:
        if is_bookkeeping(path):
            self._columns.note(anomaly.AUFS_METADATA, path, "", offset)
        try:
            return split_whiteout(path)
        except ValueError:
            self._columns.note(anomaly.INVALID_WHITEOUT, path, "", offset)
            return None

    def _take_simple(
        self, header: bytes, extension: Extension, path: str, kind: EntryType, *, size: int, offset: int
    ) -> None:
        link = None
        if kind in {EntryType.SYMLINK, EntryType.HARDLINK}:
            link = decode_name(extension.link or extension.records.get(b"linkpath") or read_link(header))
            if len(link) >= PATH_MAX:
                self._columns.note(anomaly.OVERLONG_NAME, path, f"its target has {len(link):,} characters", offset)
                return
        if kind is EntryType.HARDLINK:
            target, anomalies = normalise_path(link or "/")
            if anomaly.ESCAPING_NAME in anomalies:
                self._columns.note(anomaly.ESCAPING_HARDLINK, path, f"to {link}", offset)
            link = target
        elif link == "":
            self._columns.note(anomaly.EMPTY_SYMLINK, path, "", offset)
        position = self._add(header, extension, path, kind, offset, size=size)
        if link is not None:
            self._columns.links[position] = link
            self._columns.names += len(link)
        if kind in DEVICES:
            self._columns.devices[position] = self._number(lambda: read_device(header), (0, 0), path, offset)
        if kind is EntryType.FILE:
            self._read_whole(lambda: self._read_content(path, size, position))
            self._reader.skip_padding(size)

    def _take_sparse(self, header: bytes, extension: Extension, path: str, size: int, offset: int) -> None:
        records = extension.records
        sparse = read_map(self._reader, header, records, size)
        if is_miscounted(header, records, sparse):
            detail = "GNU.sparse.numblocks is not the number of its segments"
            self._columns.note(anomaly.INVALID_EXTENDED_HEADER, path, detail, offset)
        self._columns.note(anomaly.SPARSE_FILE, path, f"{sparse.stored:,} of {sparse.size:,} bytes are stored", offset)
        position = self._add(header, extension, path, EntryType.FILE, offset, size=sparse.size)
        self._columns.sparse[position] = array("Q", chain.from_iterable(sparse.segments))
        digest_of = partial(read_digest, self._reader, sparse, holes=self._holes)
        self._read_whole(lambda: self._columns.set_digest(position, digest_of() or NO_DIGEST))
        self._holes = max(self._holes - (sparse.size - sparse.stored), 0)
        self._reader.skip_padding(size)

    def _read_whole(self, read: Callable[[], None]) -> None:
        """Read the content of the last entry, which is none if its content breaks off."""
        try:
            read()
        except BaseException:
            self._columns.drop_last()
            raise

    def _add(
        self, header: bytes, extension: Extension, path: str, kind: EntryType, offset: int, *, size: int = 0
    ) -> int:
        records = extension.records
        attribute = self._attribute(header, records, path, offset)
        mtime_ns = self._number(lambda: self._mtime_ns(header, records), 0, path, offset)
        start = self._reader.offset
        self._number(partial(check_star_times, header), None, path, offset)
        if kind not in _DEVICE_READERS:
            self._number(partial(read_device, header), (0, 0), path, offset)
        position = self._columns.append(
            path, kind, attribute, size=size, mtime_ns=mtime_ns, offset=start, header=offset
        )
        if self._start:
            self._columns.starts.add(position, self._start)
        if records:
            for key in _OTHER_TIMES & records.keys():
                self._number(partial(parse_seconds, records[key]), 0, path, offset)
            self._add_xattrs(position, records, offset)
        return position

    def _add_xattrs(self, position: int, records: Mapping[bytes, bytes], offset: int) -> None:
        """Keep the extended attributes that fit, and name those that no runtime can give the entry."""
        xattrs, path, kind = {}, self._columns.paths[position], EntryType(self._columns.types[position])
        for key, value in records.items():
            if not key.startswith(XATTR_PREFIX):
                continue
            name = key[len(XATTR_PREFIX) :]
            if refusal := find_refusal(name, value, kind):
                self._columns.note(refusal[0], path, refusal[1], offset)
            if len(value) <= MAX_XATTR and len(name) <= NAME_MAX:
                xattrs[decode_name(name)] = value
        if xattrs:
            self._columns.xattrs[position] = xattrs
            self._columns.names += sum(len(name) + len(value) for name, value in xattrs.items())

    def _attribute(self, header: bytes, records: Mapping[bytes, bytes], path: str, offset: int) -> int:
        """The attributes, with the owner that the records give; an owner that no file has is named."""
        if not records or not records.keys() & _OWNERS:
            with suppress(ValueError):
                return self._headers.attribute(header)
        given = self._number(partial(read_attributes, header), (0, 0, 0), path, offset)
        mode, uid, gid = self._number(partial(own_by_records, given, records), given, path, offset)
        for owner in uid, gid:
            if not is_owner(owner):
                self._columns.note(anomaly.EXCESSIVE_NUMBER, path, f"owner {owner}", offset)
        return self._headers.attribute_id(mode, uid, gid)

    def _mtime_ns(self, header: bytes, records: Mapping[bytes, bytes]) -> int:
        """The time; the header's must be a number even where a record says another."""
        own = self._headers.mtime_ns(header)
        return parse_seconds(records[b"mtime"]) if b"mtime" in records else own

    def _number(self, parse: Callable[[], T], default: T, path: str, offset: int) -> T:
        try:
            return parse()
        except ValueError as error:
            self._columns.note(anomaly.BAD_NUMBER, path, str(error), offset)
            return default

    def _read_content(self, path: str, size: int, position: int) -> None:
        """Hash a file's content, and show it to everyone who wants it."""
        content = self._hashes.open_file(size)
        pieces = self._reader.iter_body(size)
        wanted = min(self._extractors.longest_magic, size)
        head, first, watched = b"", list[memoryview](), None
        for piece in pieces:
            content.update(piece)
            first.append(piece)
            head += piece[: wanted - len(head)]
            if len(head) == wanted:
                watched = self._open_file(path, head, size, position)
                break
        if watched is not None:
            for piece in first:
                watched.feed(piece)
        for piece in pieces:
            content.update(piece)
            if watched is not None:
                watched.feed(piece)
        if watched is not None:
            watched.finish()
        self._hashes.keep(position, content)

    def _open_file(self, path: str, head: bytes, size: int, position: int) -> WatchedFile | None:
        base = path[path.rfind("/") + 1 :]
        if not self._extractors.is_wanted(path, base, head):
            return None
        mode = self._columns.attribute_table[self._columns.attributes[position]][0]
        return self._extractors.open_file(path, base, head, size=size, mode=mode, position=position)
