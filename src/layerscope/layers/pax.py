"""PAX extended headers: records of `LENGTH KEY=VALUE`, as POSIX.1-2001 pax defines them.

Format: https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html#tag_20_92_13_03
"""

from collections.abc import Iterator

from layerscope.layers.limits import MAX_NUMBER

XATTR_PREFIX = b"SCHILY.xattr."
"""Extended attributes as every runtime writes them."""

SPARSE_PREFIX = b"GNU.sparse."

NANOSECONDS = 1_000_000_000
_MOST_DIGITS = len(str(MAX_NUMBER))


def parse_records(content: bytes) -> list[tuple[bytes, bytes]]:
    """The records in order, repeated keys included (sparse maps repeat them); raises ValueError for bad ones."""
    return list(_iter_records(content))


def parse_seconds(value: bytes) -> int:
    """Nanoseconds of a decimal number of seconds, digits beyond the ninth cut off; raises ValueError."""
    sign = -1 if value.startswith(b"-") else 1
    whole, _, fraction = value.lstrip(b"-").partition(b".")
    if not whole.isdigit() or (fraction and not fraction.isdigit()):
        raise ValueError(f"not a number of seconds: {value[:40]!r}")
    return sign * (int(whole) * NANOSECONDS + int(fraction[:9].ljust(9, b"0")))


def parse_count(value: bytes) -> int:
    """A decimal number that is not negative and fits 64 bits; raises ValueError."""
    if not value.isdigit() or len(value) > _MOST_DIGITS or int(value) > MAX_NUMBER:
        raise ValueError(f"not a number of 64 bits: {value[:40]!r}")
    return int(value)


def _iter_records(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    position = 0
    while position < len(content):
        space = content.find(b" ", position, position + 20)
        length = content[position:space]
        if space < 0 or not length.isdigit():
            raise ValueError(f"record at byte {position} does not start with its length")
        end = position + int(length)
        if end > len(content) or end <= space or content[end - 1] != ord("\n"):
            raise ValueError(f"record at byte {position} claims {int(length)} bytes")
        key, equals, value = content[space + 1 : end - 1].partition(b"=")
        if not equals or not key:
            raise ValueError(f"record at byte {position} has no key")
        if b"\0" in value and key in {b"path", b"linkpath", b"uname", b"gname"}:
            raise ValueError(f"record {key.decode()} holds a zero byte")
        yield key, value
        position = end
