"""Times that are later than one moment set to it, so that two builds of the same files give the same layers.

As BuildKit's rewrite-timestamp does: https://reproducible-builds.org/specs/source-date-epoch/
"""

from typing import Final

from layerscope.fixes.surgery.new_header import MTIME, render_records, seal, write_number
from layerscope.fixes.surgery.raw_members import RawMember, iter_extensions
from layerscope.layers.pax import NANOSECONDS, parse_seconds
from layerscope.layers.tar_header import BLOCK, read_prefix
from layerscope.layers.tar_number import parse_number

LATEST: Final = 8**11 - 1
"""The last second since 1970 that eleven octal digits, which every tar holds, can tell: in the year 2242."""

_RECORDS: Final = frozenset({b"mtime", b"atime", b"ctime", b"LIBARCHIVE.creationtime"})
_MAGIC: Final = slice(257, 265)
_GNU: Final = b"ustar  \x00"
_GNU_TIMES: Final = (slice(345, 357), slice(357, 369))
"""Where old GNU headers tell of access and change."""
_STAR: Final = slice(508, 512)
_STAR_TRAILER: Final = b"tar\0"
_STAR_TIMES: Final = (slice(476, 488), slice(488, 500))
_GZIP: Final = b"\x1f\x8b"
_GZIP_TIME: Final = slice(4, 8)


def clamp_head(member: RawMember, latest: int) -> bytes:
    """The bytes before a member's content with no time after `latest`; those bytes that need no change are kept."""
    records = tuple((key, _clamp_record(value, latest) if key in _RECORDS else value) for key, value in member.records)
    extended = member.extended if records == member.records else render_records(records)
    around = (clamp_headers(part, latest) for part in (member.front, member.long_names, extended))
    return b"".join((*around, _clamp_header(member.header, latest)))


def clamp_headers(extensions: bytes, latest: int) -> bytes:
    """Headers that stand before a member's own, each with its body, with no time after `latest`."""
    return b"".join(_clamp_header(each[:BLOCK], latest) + each[BLOCK:] for each in iter_extensions(extensions))


def clamp_time(time_ns: int, latest: int | None) -> int:
    """A time in nanoseconds that is not after `latest` seconds; None changes nothing."""
    return time_ns if latest is None else min(time_ns, latest * NANOSECONDS)


def has_late_gzip_header(stored: bytes, latest: int) -> bool:
    """Whether a blob that begins with these bytes is packed by gzip, and says that this was after `latest`."""
    return stored.startswith(_GZIP) and int.from_bytes(stored[_GZIP_TIME], "little") > latest


def _clamp_record(value: bytes, latest: int) -> bytes:
    try:
        return b"%d" % latest if parse_seconds(value) > latest * NANOSECONDS else value
    except ValueError:
        return value  # runtimes refuse it, or go by the header


def _clamp_header(header: bytes, latest: int) -> bytes:
    late = [place for place in (MTIME, *_list_more_times(header)) if _is_late(header[place], latest)]
    if not late:
        return header
    changed = bytearray(header)
    for place in late:
        write_number(changed, place, latest)
    seal(changed)
    return bytes(changed)


def _list_more_times(header: bytes) -> tuple[slice, ...]:
    """Where the header's dialect has times besides that of the last change."""
    if header[_MAGIC] == _GNU:
        return () if header[_GNU_TIMES[0].start] and read_prefix(header) else _GNU_TIMES
    return _STAR_TIMES if header[_STAR] == _STAR_TRAILER else ()


def _is_late(field: bytes, latest: int) -> bool:
    try:
        return parse_number(field) > latest
    except ValueError:
        return False  # the header tells no time there
