"""A table of contents: from the bytes that a blob stores to an index in the form of a tar's.

Both forms are JSON of one shape, which comes from https://github.com/google/crfs (stargz/stargz.go, TOCEntry).
"""

import base64
import binascii
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

import msgspec

from layerscope.layers.anomaly import ESCAPING_NAME
from layerscope.layers.columns import NO_DIGEST, Columns
from layerscope.layers.compression import CorruptError, Decompressor, TruncatedStreamError
from layerscope.layers.entry import DEVICES, EntryType
from layerscope.layers.index import DIGEST_SIZE, LayerIndex
from layerscope.layers.limits import MAX_NAMES, MAX_NUMBER, MIB, PATH_MAX, LimitPassedError
from layerscope.layers.path import normalise_path, split_whiteout
from layerscope.layers.plain_names import PlainNames
from layerscope.layers.tar_header import BLOCK, HeaderError, HeaderReader, read_name, read_size
from layerscope.layers.toc.place import TableForm

MAX_TABLE: Final = 150 * MIB
"""Bytes of a table as JSON, as in containers/storage; entries that skopeo wrote took 340 bytes each."""

SHORTEST_ENTRY: Final = 60
"""Bytes of JSON for each object in a table, at least: a directory's entry has 69. Shorter ones would fill memory."""
MOST_FOLDED: Final = 500_000
"""Objects of a table that has members which nobody knows: every one of them is held while it is read."""

TABLE_NAME: Final = b"stargz.index.json"
"""The tar entry that holds an eStargz table, and that no table lists."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TYPES: Final = {
    "reg": EntryType.FILE,
    "dir": EntryType.DIRECTORY,
    "symlink": EntryType.SYMLINK,
    "hardlink": EntryType.HARDLINK,
    "char": EntryType.CHARACTER_DEVICE,
    "block": EntryType.BLOCK_DEVICE,
    "fifo": EntryType.FIFO,
}
_CHUNK: Final = "chunk"
_SHA256: Final = re.compile(r"sha256:[0-9a-f]{64}")

UNKNOWN_TIME: Final = -(2**63)
"""Stands for a time that a table does not tell, and for none that a tar can have."""

_UNSEEN: Final = msgspec.Raw(b"")


class TableError(ValueError):
    """What should be a table of contents is none that a runtime could read."""


class _Entry(msgspec.Struct, rename="camel", gc=False, forbid_unknown_fields=True):
    name: str = ""
    type: str = ""
    size: int = 0
    mode: int = 0
    uid: int = 0
    gid: int = 0
    modtime: str = ""
    link_name: str = ""
    dev_major: int = 0
    dev_minor: int = 0
    xattrs: dict[str, str] | None = None
    digest: str = ""
    chunk_digest: str = ""
    # what is not looked at, but is known to be there
    user_name: msgspec.Raw = _UNSEEN
    group_name: msgspec.Raw = _UNSEEN
    num_link: msgspec.Raw = msgspec.field(default=_UNSEEN, name="NumLink")
    offset: msgspec.Raw = _UNSEEN
    end_offset: msgspec.Raw = _UNSEEN
    inner_offset: msgspec.Raw = _UNSEEN
    chunk_offset: msgspec.Raw = _UNSEEN
    chunk_size: msgspec.Raw = _UNSEEN
    chunk_type: msgspec.Raw = _UNSEEN
    accesstime: msgspec.Raw = _UNSEEN
    changetime: msgspec.Raw = _UNSEEN


class _Table(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    version: int
    entries: list[_Entry] | None  # of an empty tar: Go writes a list without entries as null
    tar_split_digest: msgspec.Raw = _UNSEEN


_DECODER: Final = msgspec.json.Decoder(_Table)
_MAPS: Final = re.compile(rb'"(?:xattrs|entries)"\s*:')
"""Members that Go does not simply take the last of; in JSON without escapes only a name has a colon behind it."""
_NAMES: Final = {
    field.encode_name.casefold(): field.encode_name
    for kind in (_Table, _Entry)
    for field in msgspec.structs.fields(kind)
    if field.type is not msgspec.Raw
}
"""The names of the members that are looked at, by how they are compared."""


def unpack_table(stored: bytes, form: TableForm) -> bytes:
    """Return a table's JSON from the bytes that a blob stores of it; raises TableError."""
    plain = _unpack(stored)
    if form is TableForm.ZSTD_CHUNKED:
        return plain
    header = plain[:BLOCK]
    try:
        if len(header) < BLOCK or not HeaderReader().has_valid_checksum(header):
            raise TableError("where it should be there is no tar header")
        name, size = read_name(header), read_size(header)
    except HeaderError as error:
        raise TableError(f"its tar header: {error}") from error
    if name != TABLE_NAME:
        raise TableError(f"where it should be lies {name[:80]!r}")
    if len(plain) - BLOCK < size:
        raise TableError(f"it ends after {len(plain) - BLOCK:,} of {size:,} bytes")
    return plain[BLOCK : BLOCK + size]


def parse_table(content: bytes, *, most: int) -> LayerIndex:
    """The index that a table describes, with at most so many entries; raises TableError.

    It has no offsets and no runs of chunks, and `UNKNOWN_TIME` where the table tells no time.
    """
    try:
        table = _decode(content)
    except TableError:
        raise
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise TableError(f"it is not the JSON of one: {str(error)[:200]}") from error
    if table.version != 1:
        raise TableError(f"it is of version {table.version}, expected 1")
    columns, builder = Columns([]), _Builder()
    for entry, following in zip(entries := table.entries or [], [*entries[1:], _Entry()], strict=False):
        if entry.type != _CHUNK:
            builder.add(entry, columns, has_chunks=following.type == _CHUNK)
        if len(columns.paths) > most or columns.names > MAX_NAMES:
            raise TableError(f"it has more than {most:,} entries, or too long names")
    return columns.finish(0)


def _decode(content: bytes) -> _Table:
    """Read a table strictly, so that no runtime may read another one in the same bytes.

    Go, which they are written in, takes a name in any case, and of a map that is repeated all members.
    """
    objects = content.count(b"{")
    if objects > len(content) // SHORTEST_ENTRY + 1000:
        raise TableError(f"it has {objects:,} objects in {len(content):,} bytes, too many to be entries")
    try:
        table = _DECODER.decode(content)
    except msgspec.ValidationError as error:
        if "unknown field" not in str(error):
            raise
    else:
        maps = 1 + sum(entry.xattrs is not None for entry in table.entries or ())
        if b"\\u" not in content and len(_MAPS.findall(content)) == maps:
            return table
    if objects > MOST_FOLDED:
        raise TableError(f"it has members that are not known, and {objects:,} objects, limit {MOST_FOLDED:,}")
    members = _fold_names(json.loads(content, object_pairs_hook=_Pairs))
    entries = members.get("entries")
    if isinstance(entries, list):
        members["entries"] = [_fold_names(entry) for entry in entries]
    return msgspec.convert(members, _Table)


class _Pairs(list[tuple[str, object]]):
    """The members of an object as they come."""


def _fold_names(pairs: object) -> dict[str, object]:
    """The members of an object under the names that they count as, others left out; raises TableError for repeats."""
    if not isinstance(pairs, _Pairs):
        raise TableError("it is not the JSON of one: expected an object")
    members: dict[str, object] = {}
    for spelled, value in pairs:
        name = _NAMES.get(spelled.casefold())
        if name in members:
            raise TableError(f"one of its objects has {spelled[:80]!r} twice, in whatever case")
        if name is not None:
            members[name] = _fold_map(value) if isinstance(value, _Pairs) else value
    return members


def _fold_map(pairs: _Pairs) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise TableError("one of its maps has a name twice")
    return members


def _unpack(stored: bytes) -> bytes:
    chunks, size = [], 0
    try:
        for chunk in _iter_plain(stored):
            chunks.append(chunk)
            size += len(chunk)
            if size > MAX_TABLE:
                raise TableError(f"it unpacks to more than {MAX_TABLE:,} bytes, the limit")
    except (CorruptError, TruncatedStreamError, LimitPassedError) as error:
        raise TableError(f"it cannot be unpacked: {error}") from error
    return b"".join(chunks)


def _iter_plain(stored: bytes) -> Iterator[bytes]:
    return Decompressor(iter((stored,))).iter_chunks()


class _Builder:
    """Adds entries to columns, each set of attributes once."""

    def __init__(self) -> None:
        self._attributes: dict[tuple[int, int, int], int] = {}
        self._plain = PlainNames()

    def add(self, entry: _Entry, columns: Columns, *, has_chunks: bool) -> None:
        """Add an entry; `has_chunks` tells whether others follow that are further chunks of it."""
        kind = _TYPES.get(entry.type)
        if kind is None:
            raise TableError(f"its entry {entry.name[:200]!r} is of type {entry.type[:40]!r}")
        numbers = (entry.uid, entry.gid, entry.mode, entry.size, entry.dev_major, entry.dev_minor)
        if min(numbers) < 0 or max(numbers) > MAX_NUMBER:
            raise TableError(f"its entry {entry.name[:200]!r} has a number out of range")
        path = self._read_path(entry.name)
        try:
            whiteout = split_whiteout(path)
        except ValueError:
            whiteout = None
        if whiteout is not None:
            kind, path = whiteout
        key = (entry.mode & 0o7777, entry.uid, entry.gid)
        attribute = self._attributes.setdefault(key, len(self._attributes))
        if attribute == len(columns.attribute_table):
            columns.attribute_table.append(key)
        size = entry.size if kind is EntryType.FILE else 0
        position = columns.append(path, kind, attribute, size=size, mtime_ns=0, offset=0, header=0)
        columns.mtimes_ns[position] = _tell_time(entry.modtime)
        columns.names += len(path)
        if whiteout is None:
            _add_details(entry, kind, columns, position, has_chunks=has_chunks)

    def _read_path(self, name: str) -> str:
        plain = name.removesuffix("/").removeprefix("./")
        path, oddities = (plain, []) if self._plain.admits(plain) else normalise_path(name)
        if path is None or ESCAPING_NAME in oddities or len(path) >= PATH_MAX:
            raise TableError(f"its entry {name[:200]!r} is no path inside the layer")
        return path


def _add_details(entry: _Entry, kind: EntryType, columns: Columns, position: int, *, has_chunks: bool) -> None:
    """What only some kinds of entries have."""
    if kind is EntryType.SYMLINK:
        columns.links[position] = entry.link_name
    elif kind is EntryType.HARDLINK:
        target, _ = normalise_path(entry.link_name)
        columns.links[position] = entry.link_name if target is None else target
    elif kind in DEVICES:
        columns.devices[position] = (entry.dev_major, entry.dev_minor)
    elif kind is EntryType.FILE and entry.digest:
        digest = _parse_digest(entry, entry.digest)
        # runtimes hold what they fetch against the chunk's digest, or against the file's: of one chunk, both are one
        is_one = has_chunks or not entry.chunk_digest or _parse_digest(entry, entry.chunk_digest) == digest
        columns.set_digest(position, digest if is_one else NO_DIGEST)
    columns.names += len(entry.link_name)
    if entry.xattrs:
        columns.xattrs[position] = {name: _parse_xattr(entry, value) for name, value in entry.xattrs.items()}
        columns.names += sum(len(name) + len(value) for name, value in entry.xattrs.items())


def _tell_time(text: str) -> int:
    """Nanoseconds since 1970, to the microsecond; a time that cannot be read is none, as in stargz-snapshotter."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return UNKNOWN_TIME
    if time.year == 1:  # Go's zero time
        return UNKNOWN_TIME
    since = (time if time.tzinfo else time.replace(tzinfo=UTC)) - _EPOCH
    nanoseconds = (since.days * 86_400 + since.seconds) * 10**9 + since.microseconds * 1000
    return min(max(nanoseconds, 1 - MAX_NUMBER), MAX_NUMBER)


def _parse_digest(entry: _Entry, text: str) -> bytes:
    if _SHA256.fullmatch(text) is None:
        raise TableError(f"its entry {entry.name[:200]!r} has the digest {text[:100]!r}, expected SHA-256")
    return bytes.fromhex(text[-2 * DIGEST_SIZE :])


def _parse_xattr(entry: _Entry, value: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise TableError(f"its entry {entry.name[:200]!r} has an attribute that is not base64") from error
