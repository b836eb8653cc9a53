"""The members of a zip archive by its central directory, each read with a ceiling.

APPNOTE.TXT 6.3.10 (https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT). A member is inflated up to what its
reader asks for and no further, whatever the directory promises, so that a bomb has nothing to fill.
"""

import struct
import zlib
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from layerscope.errors import FormatError

MEMBERS_LIMIT: Final = 262_144
"""Members of one archive; the largest jars of class files have 100,000."""

COMMENT_LIMIT: Final = 65_535
"""Bytes of comment behind the end record (APPNOTE 4.4.12)."""

INPUT_SLACK: Final = 65_536
"""Compressed bytes that are taken beyond twice what was asked for: what begins a stream, its tables, fits in."""

_END: Final = struct.Struct("<4s4xHHIIH")
_END_64_LOCATOR: Final = struct.Struct("<4s4xQ4x")
_END_64: Final = struct.Struct("<4s20xQQQQ")
_ENTRY: Final = struct.Struct("<4s4xHHI4xIIHHH8xI")
_ENTRY_MAGIC: Final = b"PK\x01\x02"
_LOCAL: Final = struct.Struct("<4s22xHH")
_STORED, _DEFLATED = 0, 8
_ENCRYPTED: Final = 1
_UNKNOWN: Final = 0xFFFFFFFF
_UNKNOWN_COUNT: Final = 0xFFFF


class ZipMember(Struct, frozen=True):
    """One member, as the central directory names it."""

    name: str
    method: int
    compressed_size: int
    size: int
    offset: int
    is_encrypted: bool
    record: bytes
    """The directory's whole record of it: name, extra fields and comment included."""


def iter_zip_members(content: bytes) -> Iterator[ZipMember]:
    """The members in the directory's order; raises FormatError."""
    place, count, shift = find_directory(content)
    for _ in range(min(count, MEMBERS_LIMIT)):
        if place + _ENTRY.size > len(content):
            raise FormatError("reading a zip archive: its directory runs out of the file")
        magic, flags, method, _, stored, size, name_size, extra, comment, offset = _ENTRY.unpack_from(content, place)
        if magic != _ENTRY_MAGIC:
            raise FormatError(f"reading a zip archive: no directory entry at byte {place:,}")
        start = place + _ENTRY.size
        name = content[start : start + name_size].decode("utf-8", "surrogateescape")
        end = start + name_size + extra + comment
        yield ZipMember(name, method, stored, size, shift + offset, bool(flags & _ENCRYPTED), content[place:end])
        place = end


def read_zip_member(content: bytes, member: ZipMember, limit: int) -> bytes:
    """The first `limit` bytes of a member; raises FormatError for what cannot be read."""
    if member.is_encrypted or member.offset + _LOCAL.size > len(content):
        raise FormatError(f"reading the zip member {member.name!r}: encrypted, or not in the file")
    magic, name_size, extra = _LOCAL.unpack_from(content, member.offset)
    if magic != b"PK\x03\x04":
        raise FormatError(f"reading the zip member {member.name!r}: no header at byte {member.offset:,}")
    start = member.offset + _LOCAL.size + name_size + extra
    if member.method == _STORED:
        return content[start : start + min(member.size, limit)]
    if member.method != _DEFLATED:
        raise FormatError(f"reading the zip member {member.name!r}: compression method {member.method}")
    try:
        stored = content[start : start + min(member.compressed_size, 2 * limit + INPUT_SLACK)]
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(stored, limit)
    except zlib.error as error:
        raise FormatError(f"reading the zip member {member.name!r}: {error}") from error


def find_end_record(content: bytes) -> int:
    """Where the end record lies; raises FormatError."""
    end = content.rfind(b"PK\x05\x06", max(0, len(content) - COMMENT_LIMIT - _END.size))
    if end < 0 or end + _END.size > len(content):
        raise FormatError("reading a zip archive: it has no end record")
    return end


def find_directory(content: bytes) -> tuple[int, int, int]:
    """Where the central directory begins, how many entries it has, and what stands before the archive's first byte.

    An archive with a script in front of it counts from its own first byte, or from the script's where that was mended.
    """
    end = find_end_record(content)
    _, _, count, size, offset, _ = _END.unpack_from(content, end)
    if _UNKNOWN in (size, offset) or count == _UNKNOWN_COUNT:
        large = _find_large_directory(content, end)
        if large is not None:
            return large
    is_there = content.startswith(_ENTRY_MAGIC, offset)
    shift = 0 if is_there else max(end - size - offset, 0)
    return offset + shift, count, shift


def _find_large_directory(content: bytes, end: int) -> tuple[int, int, int] | None:
    """The same by the zip64 records before the end record, if they are there."""
    locator = end - _END_64_LOCATOR.size
    if locator < 0 or not content.startswith(b"PK\x06\x07", locator):
        return None
    place = _END_64_LOCATOR.unpack_from(content, locator)[1]
    if place + _END_64.size > len(content) or not content.startswith(b"PK\x06\x06", place):
        raise FormatError("reading a zip archive: its zip64 end record is not where it should be")
    _, _, count, _, offset = _END_64.unpack_from(content, place)
    return offset, count, 0
