"""Tar headers: 512 bytes to the handful of values that the pass needs, with the common case made cheap.

Format: POSIX.1-1988 ustar and its GNU and pre-POSIX relatives, read as Go's archive/tar reads them, since every
container runtime uses that.
"""

from zlib import adler32

from layerscope.layers.limits import MAX_NUMBER
from layerscope.layers.tar_number import parse_number

BLOCK = 512
SIZE = slice(124, 136)
"""Where a header has the size."""

_ATTRIBUTES = slice(100, 124)
_CHECKSUM = slice(148, 156)
_ADLER_BASE = 65521
_POSIX = b"ustar\x00"
_GNU = b"ustar  \x00"
_GNU_TIMES = (slice(345, 357), slice(357, 369))
"""Where GNU's header has the times of access and of change, and others the prefix of the name."""
_STAR_TRAILER = b"tar\0"
_STAR_TIMES = (slice(476, 488), slice(488, 500))
"""Where star's header has those times, and others the end of the prefix."""
_DEVICES = (slice(329, 337), slice(337, 345))
"""Major and minor number of a device, in every header of a format that is told by a magic number."""
DEVICE_FIELDS = slice(329, 345)
"""Both together."""
ORDINARY_DEVICES = frozenset({bytes(16), b"0000000\0" * 2, b"000000 \0" * 2})
"""What tar programs write there where there is no device: nothing, or zero."""
_KEPT_OWNER = 2**32 - 1
"""The owner -1, which leaves a file to whom it belongs: to root, who unpacks it."""
_CACHE_SIZE = 65536
"""Distinct times or attribute fields that are remembered; a hostile layer has a new one in every header."""


class HeaderError(ValueError):
    """A header that cannot be trusted: its checksum is wrong or its size is not a number."""


class HeaderReader:
    """Reads headers; what many of them share (attributes, times, checksums) is parsed once and then looked up.

    `attributes`, `times` and `sums` hold what was parsed, by the raw fields (bytes 100 to 124, 136 to 148, 148 to 156):
    positions in the attribute table, nanoseconds (only those that a column can hold), and the low half that Adler-32
    must have.
    """

    def __init__(self) -> None:
        """Start with empty caches and an empty attribute table."""
        self.attribute_table: list[tuple[int, int, int]] = []
        self.attributes: dict[bytes, int] = {}
        self._attribute_ids: dict[tuple[int, int, int], int] = {}
        self.times: dict[bytes, int] = {}
        self.sums: dict[bytes, int] = {}

    def has_valid_checksum(self, header: bytes) -> bool:
        """Whether the header's bytes add up to its checksum field.

        The low half of Adler-32 is one more than the sum of the bytes modulo 65521, so one call into C adds them up.
        """
        field = header[_CHECKSUM]
        expected = self.sums.get(field)
        if expected is None:
            if len(self.sums) >= _CACHE_SIZE:
                self.sums.clear()
            try:
                value = parse_number(field)
            except ValueError:
                return False
            expected = self.sums[field] = (value + sum(field) - 256 + 1) % _ADLER_BASE
        return (adler32(header) & 0xFFFF) == expected or _signed_sum_matches(header)

    def attribute(self, header: bytes) -> int:
        """Position in the attribute table of the header's mode, uid and gid, if a file can have those.

        Raises ValueError.
        """
        field = header[_ATTRIBUTES]
        known = self.attributes.get(field)
        if known is None:
            mode, uid, gid = read_attributes(header)
            if not (is_owner(uid) and is_owner(gid)):
                raise ValueError(f"no file has the owner {uid}:{gid}")
            if len(self.attributes) >= _CACHE_SIZE:
                self.attributes.clear()
            known = self.attributes[field] = self.attribute_id(mode, uid, gid)
        return known

    def attribute_id(self, mode: int, uid: int, gid: int) -> int:
        """Position of these attributes in the table, where they are added if new."""
        key = (mode, _to_owner(uid), _to_owner(gid))
        known = self._attribute_ids.get(key)
        if known is None:
            known = self._attribute_ids[key] = len(self.attribute_table)
            self.attribute_table.append(key)
        return known

    def mtime_ns(self, header: bytes) -> int:
        """The header's modification time in nanoseconds since 1970; raises ValueError."""
        field = header[136:148]
        known = self.times.get(field)
        if known is None:
            known = parse_number(field) * 1_000_000_000
            if abs(known) <= MAX_NUMBER:
                if len(self.times) >= _CACHE_SIZE:
                    self.times.clear()
                self.times[field] = known
        return known

    def fitting_mtime_ns(self, header: bytes) -> int:
        """The same time, if 64 bits with a sign hold it; raises ValueError."""
        found = self.mtime_ns(header)
        if abs(found) > MAX_NUMBER:
            raise ValueError(f"time {found} ns is out of range")
        return found


def read_name(header: bytes) -> bytes:
    """The member's name, with the prefix that the header has for it."""
    name = header[:100].partition(b"\0")[0]
    prefix = read_prefix(header) if header[345] else b""
    return prefix + b"/" + name if prefix else name


def read_prefix(header: bytes) -> bytes:
    """What stands before the name in a field of its own; empty where the header's format has no such field.

    GNU's has times there. Go's writer did not know that before Go 1.8, and so its reader takes text for a prefix:
    https://go.dev/issue/12594
    """
    width = 131 if _is_star(header) else 155
    prefix = header[345 : 345 + width].partition(b"\0")[0]
    if header[257:263] == _POSIX:
        return prefix
    is_text = header[257:265] == _GNU and not all(map(_is_time, (header[place] for place in _GNU_TIMES)))
    return prefix if is_text and prefix.isascii() else b""


def read_checked_name(header: bytes) -> bytes:
    """The member's name with its prefix; raises ValueError where star's times behind that are no numbers."""
    check_star_times(header)
    return read_name(header)


def check_star_times(header: bytes) -> None:
    """Raise ValueError where a header has a prefix and star's times, and those are no numbers."""
    if header[345] and _is_star(header):
        for place in _STAR_TIMES:
            parse_number(header[place])


def read_link(header: bytes) -> bytes:
    """The link target."""
    return header[157:257].partition(b"\0")[0]


def read_size(header: bytes) -> int:
    """Bytes of content that follow the header; raises HeaderError."""
    try:
        size = parse_number(header[SIZE])
    except ValueError as error:
        raise HeaderError(f"size field {header[SIZE]!r} is not a number") from error
    if not 0 <= size <= MAX_NUMBER:
        raise HeaderError(f"size field says {size}, expected no negative size and at most {MAX_NUMBER}")
    return size


def read_unused_size(header: bytes) -> int:
    """What the size field says where nothing goes by it: any number of 64 bits; raises ValueError."""
    size = parse_number(header[SIZE])
    if not -MAX_NUMBER - 1 <= size <= MAX_NUMBER:
        raise ValueError(f"size field says {size}, which is no number of 64 bits")
    return size


def read_attributes(header: bytes) -> tuple[int, int, int]:
    """Mode, and uid and gid as they stand there; raises ValueError."""
    field = header[_ATTRIBUTES]
    return parse_number(field[:8]) & 0o7777, parse_number(field[8:16]), parse_number(field[16:24])


def is_owner(number: int) -> bool:
    """Whether a file can have this owner."""
    return 0 <= number < _KEPT_OWNER


def read_device(header: bytes) -> tuple[int, int]:
    """Major and minor device number, zero in headers without a magic number; raises ValueError.

    Go's archive/tar reads them whatever the type.
    """
    if header[257:263] != _POSIX and header[257:265] != _GNU:
        return 0, 0
    major, minor = (parse_number(header[place]) for place in _DEVICES)
    return major, minor


def _is_star(header: bytes) -> bool:
    """Whether star wrote the header: it puts times behind a shorter prefix and says so in its last four bytes."""
    return header[508:512] == _STAR_TRAILER and header[257:263] == _POSIX


def _to_owner(number: int) -> int:
    """The owner that a file gets: Linux takes 32 bits of the number."""
    owner = number & _KEPT_OWNER
    return 0 if owner == _KEPT_OWNER else owner


def _is_time(field: bytes) -> bool:
    """Whether a field is empty or holds a number of 64 bits."""
    try:
        return not field[0] or -MAX_NUMBER - 1 <= parse_number(field) <= MAX_NUMBER
    except ValueError:
        return False


def _signed_sum_matches(header: bytes) -> bool:
    """Some historic writers add up signed bytes."""
    try:
        expected = parse_number(header[_CHECKSUM])
    except ValueError:
        return False
    total = sum(byte - 256 if byte > 127 else byte for byte in header)  # noqa: PLR2004 - signed bytes
    field = sum(byte - 256 if byte > 127 else byte for byte in header[_CHECKSUM])  # noqa: PLR2004 - signed bytes
    return total - field + 8 * 32 == expected
