"""RawMembers: a tar member by member as its bytes stand, so that all but a few can be passed on unchanged.

Members are told apart as Go's archive/tar does, since every container runtime uses that.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from layerscope.layers.block_reader import BlockReader, TruncatedError
from layerscope.layers.limits import MAX_EXTENDED_HEADER
from layerscope.layers.pax import parse_count, parse_records
from layerscope.layers.tar_header import BLOCK, HeaderError, read_name, read_size

MAX_HEADERS: Final = 16 * MAX_EXTENDED_HEADER
"""Bytes of all headers that stand before one entry; real ones have three at most."""

_ZERO_BLOCK: Final = bytes(BLOCK)
_TYPE: Final = 156
_LOCAL: Final = ord("x")
_LONG: Final = frozenset(b"LK")
_GLOBAL: Final = ord("g")
_SIZELESS: Final = frozenset(b"123456")
"""Links, devices, directories and pipes: no bytes follow them, whatever their size field says."""
_OLD_FILE: Final = 0
_OLD_SPARSE: Final = ord("S")
_MORE_MAP: Final = 482
"""Where an old GNU sparse header says that blocks with more of its map follow; those say it in their 504th byte."""
_MORE_MAP_AGAIN: Final = 504


@dataclass(frozen=True)
class RawMember:
    """One member up to its content: the bytes of its headers, what they say of it, and how many bytes follow.

    `long_names` are GNU's headers for long names, `records` the PAX records, in order; `front` are global headers that
    stand before the member and belong to nobody, and what stands before those.
    """

    front: bytes
    long_names: bytes
    extended: bytes
    header: bytes
    records: tuple[tuple[bytes, bytes], ...]
    size: int
    names: tuple[bytes, ...] = field(default=())

    @property
    def head(self) -> bytes:
        """All of it as it stood."""
        return b"".join((self.front, self.long_names, self.extended, self.header))

    @property
    def name(self) -> bytes:
        """The name as written."""
        return _find_name(self.header, dict(self.records), self.names)


def read_member(reader: BlockReader) -> RawMember | None:
    """The next member's headers; None at the end of the archive. Raises HeaderError and TruncatedError."""
    front, long_names, extended = list[bytes](), list[bytes](), list[bytes]()
    total = 0
    records: tuple[tuple[bytes, bytes], ...] = ()
    names: list[bytes] = []
    while (header := reader.read_block()) not in {None, _ZERO_BLOCK}:
        assert header is not None
        kind = header[_TYPE]
        if kind not in _LONG | {_LOCAL, _GLOBAL}:
            blocks = _read_map_blocks(reader, header)
            size = _content_size(header, dict(records), names)
            before = b"".join(front), b"".join(long_names), b"".join(extended)
            return RawMember(*before, header + blocks, records, size, tuple(names))
        body = _read_extension(reader, header)
        total += len(header) + len(body)
        if total > MAX_HEADERS:
            raise HeaderError(f"more than {MAX_HEADERS:,} bytes of extended headers before one entry")
        if kind == _GLOBAL:
            front += (*long_names, *extended, header, body)
            long_names, extended, records, names = [], [], (), []
        elif kind in _LONG:
            long_names += (header, body)
            if kind == ord("L"):
                names = [body.partition(b"\0")[0]]
        else:
            extended += (header, body)
            with suppress(ValueError):  # runtimes refuse the layer then, and the scan of it told that
                records = tuple(parse_records(body[: read_size(header)]))
    return None


def iter_extensions(extensions: bytes) -> Iterator[bytes]:
    """Headers that stand before a member's own, one by one, each with its body and what fills its last block."""
    start = 0
    while start < len(extensions):
        size = read_size(extensions[start : start + BLOCK])
        stop = start + BLOCK + size + -size % BLOCK
        yield extensions[start:stop]
        start = stop


def _read_extension(reader: BlockReader, header: bytes) -> bytes:
    """The body of an extended header, padding included."""
    size = read_size(header)
    if size > MAX_EXTENDED_HEADER:
        raise HeaderError(f"an extended header of {size:,} bytes, limit {MAX_EXTENDED_HEADER:,}")
    return reader.read_body(size + -size % BLOCK)


def _read_map_blocks(reader: BlockReader, header: bytes) -> bytes:
    """The blocks of an old GNU sparse map that do not fit into the header."""
    blocks, more = b"", header[_TYPE] == _OLD_SPARSE and header[_MORE_MAP]
    while more:
        block = reader.read_block()
        if block is None:
            raise TruncatedError
        blocks += block
        more = block[_MORE_MAP_AGAIN]
    return blocks


def _find_name(header: bytes, records: dict[bytes, bytes], names: Sequence[bytes]) -> bytes:
    """The name that the headers give, apart from that of a sparse file."""
    return (names[0] if names else b"") or records.get(b"path") or read_name(header)


def _content_size(header: bytes, records: dict[bytes, bytes], names: list[bytes]) -> int:
    """How many bytes of content follow the headers."""
    kind = header[_TYPE]
    if kind in _SIZELESS or (kind == _OLD_FILE and _find_name(header, records, names).endswith(b"/")):
        return 0
    if not records.get(b"size"):
        return read_size(header)
    try:
        return parse_count(records[b"size"])
    except ValueError as error:
        raise HeaderError(f"an extended header whose size is {records[b'size'][:40]!r}") from error
