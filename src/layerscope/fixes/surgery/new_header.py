"""A member's headers with other owner, mode, time and extended attributes; all else stays as it was written.

Formats: POSIX.1-1988 ustar and POSIX.1-2001 pax; extended attributes as every runtime writes them.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from layerscope.fixes.surgery.cuts import Attributes
from layerscope.fixes.surgery.raw_members import RawMember, iter_extensions
from layerscope.layers.pax import NANOSECONDS, XATTR_PREFIX
from layerscope.layers.tar_header import BLOCK, read_prefix

_NAME: Final = slice(0, 100)
_MODE: Final = slice(100, 108)
_UID: Final = slice(108, 116)
_GID: Final = slice(116, 124)
_SIZE: Final = slice(124, 136)
MTIME: Final = slice(136, 148)
"""Where a header tells the time of the last change."""
_CHECKSUM: Final = slice(148, 156)
_KIND: Final = slice(156, 157)
_TARGET: Final = slice(157, 257)
_MAGIC: Final = slice(257, 265)
_OWNER_NAMES: Final = slice(265, 329)
_PREFIX: Final = slice(345, 476)
"""As much of it as every dialect has that has one; longer ones end in zeros of their own, or in star's times."""
_GNU_PREFIX: Final = slice(345, 369)
"""As much of it as is no part of a sparse file's map."""
_POSIX: Final = b"ustar\x0000"
_GNU: Final = b"ustar  \x00"

_REPLACED: Final = frozenset({b"mtime", b"atime", b"ctime", b"uid", b"gid", b"uname", b"gname"})
"""Records that would contradict the new attributes. Runtimes go by the numbers of owner and group, not their names."""

_PERMISSIONS: Final = 0o7777
_NAME_SIZE: Final = 100


def give_attributes(member: RawMember, attributes: Attributes) -> RawMember:
    """The member with these attributes, and no others that would contradict them."""
    header, records = bytearray(member.header), _keep_records(member)
    for place, key, number in ((_UID, b"uid", attributes.uid), (_GID, b"gid", attributes.gid)):
        if not write_number(header, place, number):
            records.append((key, b"%d" % number))
    write_number(header, _MODE, attributes.mode & _PERMISSIONS)
    seconds, fraction = divmod(attributes.mtime_ns, NANOSECONDS)
    if not write_number(header, MTIME, seconds) or fraction:
        records.append((b"mtime", _tell_time(attributes.mtime_ns)))
    for name, value in sorted(attributes.xattrs.items()):
        records.append((XATTR_PREFIX + name.encode("utf-8", "surrogateescape"), value))
    header[_OWNER_NAMES] = bytes(64)
    seal(header)
    return replace(member, extended=render_records(records), header=bytes(header), records=tuple(records))


def give_name(member: RawMember, path: str) -> RawMember:
    """The member at another path."""
    name = path.encode("utf-8", "surrogateescape")
    header, records = bytearray(member.header), _without(member, b"path", b"GNU.sparse.name")
    header[_NAME] = name[:_NAME_SIZE].ljust(_NAME_SIZE, b"\0")
    if read_prefix(member.header):
        place = _GNU_PREFIX if header[_MAGIC] == _GNU else _PREFIX
        header[place] = bytes(place.stop - place.start)
    if len(name) > _NAME_SIZE:
        records.append((b"path", name))
    return _change(member, header, records, b"L")


def give_target(member: RawMember, path: str) -> RawMember:
    """The hard link, led to another path."""
    target = path.encode("utf-8", "surrogateescape")
    header, records = bytearray(member.header), _without(member, b"linkpath")
    header[_TARGET] = target[:_NAME_SIZE].ljust(_NAME_SIZE, b"\0")
    if len(target) > _NAME_SIZE:
        records.append((b"linkpath", target))
    return _change(member, header, records, b"K")


def _change(member: RawMember, header: bytearray, records: list[tuple[bytes, bytes]], long_name: bytes) -> RawMember:
    """The member with this header and these records, and without GNU's header for a long name of that kind."""
    seal(header)
    kept = b"".join(part for part in iter_extensions(member.long_names) if part[_KIND] != long_name)
    extended = render_records(records)
    return replace(member, long_names=kept, extended=extended, header=bytes(header), records=tuple(records))


def make_directory(path: str, attributes: Attributes) -> RawMember:
    """A directory."""
    return _make_member(path + "/", b"5", attributes, 0)


def make_file(path: str, attributes: Attributes, size: int) -> RawMember:
    """A file, whose content is to follow."""
    return _make_member(path, b"0", attributes, size)


def _make_member(path: str, kind: bytes, attributes: Attributes, size: int) -> RawMember:
    name = path.encode("utf-8", "surrogateescape")
    header = bytearray(BLOCK)
    header[: len(name[:_NAME_SIZE])] = name[:_NAME_SIZE]
    header[_KIND] = kind
    header[_MAGIC] = _POSIX
    records = [(b"path", name)] if len(name) > _NAME_SIZE else []
    if not write_number(header, _SIZE, size):
        records.append((b"size", b"%d" % size))
    return give_attributes(RawMember(b"", b"", b"", bytes(header), tuple(records), size), attributes)


def _without(member: RawMember, *keys: bytes) -> list[tuple[bytes, bytes]]:
    return [record for record in member.records if record[0] not in keys]


def _keep_records(member: RawMember) -> list[tuple[bytes, bytes]]:
    return [(key, value) for key, value in member.records if key not in _REPLACED and not key.startswith(XATTR_PREFIX)]


def write_number(header: bytearray, place: slice, value: int) -> bool:
    """Write a number as octal digits; False, and zero is written, where it does not fit."""
    digits: int = place.stop - place.start - 1
    fits = 0 <= value < 1 << 3 * digits
    header[place] = b"%0*o\0" % (digits, value if fits else 0)
    return fits


def _tell_time(time_ns: int) -> bytes:
    """Nanoseconds as a decimal number of seconds."""
    sign = b"-" if time_ns < 0 else b""
    seconds, fraction = divmod(abs(time_ns), NANOSECONDS)
    return b"%s%d.%09d" % (sign, seconds, fraction)


def render_records(records: Sequence[tuple[bytes, bytes]]) -> bytes:
    """A pax header with these records; nothing where there are none."""
    if not records:
        return b""
    body = b"".join(_render_record(key, value) for key, value in records)
    header = bytearray(BLOCK)
    header[:10] = b"PaxHeaders"
    for place, value in ((_MODE, 0o644), (_UID, 0), (_GID, 0), (_SIZE, len(body)), (MTIME, 0)):
        write_number(header, place, value)
    header[156] = ord("x")
    header[_MAGIC] = _POSIX
    seal(header)
    return bytes(header) + body + bytes(-len(body) % BLOCK)


def _render_record(key: bytes, value: bytes) -> bytes:
    """`LENGTH KEY=VALUE` and a line feed, where the length counts its own digits."""
    rest = len(key) + len(value) + 3
    length = rest + len(str(rest))
    length = rest + len(str(length))
    return b"%d %s=%s\n" % (length, key, value)


def seal(header: bytearray) -> None:
    """Write the checksum of the header's first block."""
    header[_CHECKSUM] = b" " * 8
    header[_CHECKSUM] = b"%06o\0 " % sum(header[:BLOCK])
