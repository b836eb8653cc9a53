"""The parts of a zip archive (APPNOTE.TXT 6.3.10): members with both of their headers, and every byte beside them."""

import hashlib
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from layerscope.diff.contents.archive_parts import MEMBERS_LIMIT, UNPACKED_LIMIT, ArchiveParts
from layerscope.diff.contents.work import BYTES_A_UNIT, Work
from layerscope.errors import FormatError
from layerscope.formats.zip_directory import ZipMember, find_directory, find_end_record, iter_zip_members

_RECORD: Final = struct.Struct("<4xH2xHH4xI4xIHHHHHI4x")
_LOCAL: Final = struct.Struct("<4s2xHH4xIIIHH")
_LOCAL_MAGIC: Final = b"PK\x03\x04"
_STORED, _DEFLATED = 0, 8
_HAS_DESCRIPTOR: Final = 0b1000
_PACKING: Final = 0b1110
"""Flags on how a member is packed."""
_EXTRA: Final = struct.Struct("<HH")
_UNIX_TIMES, _NTFS = 0x5455, 0x000A
_NTFS_TIMES: Final = bytes((0, 0, 0, 0, 1, 0, 24, 0))
"""How an NTFS field begins that holds times alone."""
_NTFS_SIZE: Final = 32
_MEMBER_COST: Final = 500


@dataclass(frozen=True)
class _ReadMember:
    """A member: what counts of it, where it lies, what may follow it, and whether its headers and data agree."""

    digest: bytes
    start: int
    stop: int
    descriptors: tuple[bytes, ...]
    is_sound: bool


def read_zip_parts(content: bytes, work: Work) -> ArchiveParts:
    """The parts of a zip archive; raises FormatError for one that does not read, or holds too much.

    Where headers and data contradict each other, readers find different things: then all of its bytes count.
    """
    left = UNPACKED_LIMIT
    found: list[_ReadMember] = []
    members: dict[str, tuple[bytes, ...]] = {}
    order = []
    directory = find_directory(content)[0]
    end = directory
    for number, member in enumerate(iter_zip_members(content)):
        left -= member.size
        if left < 0 or number > MEMBERS_LIMIT:
            raise FormatError("comparing a zip archive: it holds too much")
        work.spend(_MEMBER_COST + (member.size + min(member.compressed_size, len(content))) // BYTES_A_UNIT)
        found.append(_read_member(content, member))
        members[member.name] = (*members.get(member.name, ()), found[-1].digest)
        order.append(member.name)
        end += len(member.record)
    gaps = None if not all(each.is_sound for each in found) else _find_rest(content, found, directory, end)
    rest = content if gaps is None else repr(gaps).encode()
    return ArchiveParts(members, tuple(order), hashlib.sha256(rest).digest(), is_order_free=len(members) == len(order))


def _read_member(content: bytes, member: ZipMember) -> _ReadMember:
    made_by, flags, method, crc, size, name_size, extra_size, _, disk, internal, external = _RECORD.unpack_from(
        member.record
    )
    if member.is_encrypted or member.offset + _LOCAL.size > len(content):
        raise FormatError(f"comparing the zip member {member.name!r}: encrypted, or not in the file")
    magic, *local, local_name_size, local_extra_size = _LOCAL.unpack_from(content, member.offset)
    start = member.offset + _LOCAL.size
    data = start + local_name_size + local_extra_size
    if magic != _LOCAL_MAGIC:
        raise FormatError(f"comparing the zip member {member.name!r}: no header at byte {member.offset:,}")
    held, is_whole = _unpack(content, member, data)
    name = member.record[_RECORD.size : _RECORD.size + name_size]
    extra = member.record[_RECORD.size + name_size :]
    sizes = (crc, member.compressed_size, size)
    has_descriptor = bool(flags & _HAS_DESCRIPTOR)
    counted = (made_by, flags & ~_PACKING, disk, internal, external, _drop_times(extra[:extra_size]))
    counted_beside = (extra[extra_size:], _drop_times(content[start + local_name_size : data]))
    return _ReadMember(
        hashlib.sha256(repr((counted, counted_beside)).encode() + held).digest(),
        member.offset,
        data + member.compressed_size,
        tuple(_iter_descriptors(sizes)) if has_descriptor else (),
        is_sound=is_whole
        and (len(held), zlib.crc32(held)) == (size, crc)
        and content[start : start + local_name_size] == name
        and local[:2] == [flags, method]
        and all(one == other or (has_descriptor and one == 0) for one, other in zip(local[2:], sizes, strict=True)),
    )


def _unpack(content: bytes, member: ZipMember, start: int) -> tuple[bytes, bool]:
    """A member's content, no more than one byte beyond its size, and whether its data hold that alone."""
    stored = content[start : start + member.compressed_size]
    if member.method == _STORED:
        return stored[: member.size + 1], len(stored) == member.compressed_size
    if member.method != _DEFLATED:
        raise FormatError(f"comparing the zip member {member.name!r}: compression method {member.method}")
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        held = inflater.decompress(stored, member.size + 1)
    except zlib.error as error:
        raise FormatError(f"comparing the zip member {member.name!r}: {error}") from error
    return held, inflater.eof and not inflater.unused_data and len(stored) == member.compressed_size


def _drop_times(extra: bytes) -> bytes:
    """Extra fields without those that hold times alone; what does not read as fields stays."""
    kept, place = [], 0
    while place + _EXTRA.size <= len(extra):
        kind, size = _EXTRA.unpack_from(extra, place)
        stop = place + _EXTRA.size + size
        body = extra[place + _EXTRA.size : stop]
        is_ntfs = kind == _NTFS and size == _NTFS_SIZE and body.startswith(_NTFS_TIMES)
        if stop > len(extra) or not (kind == _UNIX_TIMES or is_ntfs):
            kept.append(extra[place:stop])
        place = stop
    return b"".join([*kept, extra[place:]])


def _iter_descriptors(sizes: tuple[int, int, int]) -> Iterator[bytes]:
    """What a writer that did not know the sizes may put behind the data (APPNOTE 4.3.9)."""
    for form in ("<III", "<IQQ"):
        descriptor = struct.pack(form, *sizes)
        yield from (descriptor, b"PK\x07\x08" + descriptor)


def _find_rest(content: bytes, found: list[_ReadMember], directory: int, end: int) -> list[bytes] | None:
    """All bytes outside of members and directory, the counts and places of the end record left out.

    None where members overlap, or the directory has more of them than the end record says.
    """
    last = find_end_record(content)
    if content[last + 8 : last + 10] != content[last + 10 : last + 12]:
        return None
    gaps, place, descriptors = [], 0, tuple[bytes, ...]()
    spans = [(each.start, each.stop, each.descriptors) for each in found]
    for start, stop, follows in sorted([*spans, (directory, end, ()), (last, last, ())]):
        if start < place:
            return None
        gap = content[place:start]
        gaps.append(b"" if gap in descriptors else gap)
        place, descriptors = stop, follows
    return [gap for gap in gaps if gap] + [content[last + 4 : last + 8], content[last + 20 :]]
