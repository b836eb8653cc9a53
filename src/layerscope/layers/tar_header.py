"""Tar headers: 512 bytes to the handful of values that the pass needs, with the common case made cheap.

Format: POSIX.1-1988 ustar and its GNU and pre-POSIX relatives, read as Go's archive/tar reads them, since every
container runtime uses that.
"""

from zlib import adler32

from layerscope.layers.limits import MAX_NUMBER
from layerscope.layers.tar_number import parse_number

BLOCK = 512

_CHECKSUM = slice(148, 156)
_ADLER_BASE = 65521
_POSIX = b"ustar\x00"
_STAR_TRAILER = b"tar\0"
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
        """Position in the attribute table of the header's mode, uid and gid; raises ValueError."""
        field = header[100:124]
        known = self.attributes.get(field)
        if known is None:
            if len(self.attributes) >= _CACHE_SIZE:
                self.attributes.clear()
            mode, uid, gid = parse_number(field[:8]), parse_number(field[8:16]), parse_number(field[16:24])
            known = self.attributes[field] = self.attribute_id(mode & 0o7777, uid, gid)
        return known

    def attribute_id(self, mode: int, uid: int, gid: int) -> int:
        """Position of these attributes in the table, where they are added if new."""
        key = (mode, uid, gid)
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
    """The member's name, with the ustar prefix where the header's format has one."""
    name = header[:100].partition(b"\0")[0]
    if header[345] and header[257:263] == _POSIX:
        # star puts times behind a shorter prefix and says so in its last four bytes
        width = 131 if header[508:512] == _STAR_TRAILER else 155
        return header[345 : 345 + width].partition(b"\0")[0] + b"/" + name
    return name


def read_link(header: bytes) -> bytes:
    """The link target."""
    return header[157:257].partition(b"\0")[0]


def read_size(header: bytes) -> int:
    """Bytes of content that follow the header; raises HeaderError."""
    try:
        size = parse_number(header[124:136])
    except ValueError as error:
        raise HeaderError(f"size field {header[124:136]!r} is not a number") from error
    if not 0 <= size <= MAX_NUMBER:
        raise HeaderError(f"size field says {size}, expected no negative size and at most {MAX_NUMBER}")
    return size


def read_device(header: bytes) -> tuple[int, int]:
    """Major and minor device number; raises ValueError."""
    return parse_number(header[329:337]), parse_number(header[337:345])


def _signed_sum_matches(header: bytes) -> bool:
    """Some historic writers add up signed bytes."""
    try:
        expected = parse_number(header[_CHECKSUM])
    except ValueError:
        return False
    total = sum(byte - 256 if byte > 127 else byte for byte in header)  # noqa: PLR2004 - signed bytes
    field = sum(byte - 256 if byte > 127 else byte for byte in header[_CHECKSUM])  # noqa: PLR2004 - signed bytes
    return total - field + 8 * 32 == expected
