"""PAX extended headers: records of `LENGTH KEY=VALUE`, as POSIX.1-2001 pax defines them.

Format: https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html#tag_20_92_13_03
"""

from collections.abc import Iterable, Iterator, Mapping

from layerscope.layers.limits import MAX_NUMBER

XATTR_PREFIX = b"SCHILY.xattr."
"""Extended attributes as every runtime writes them."""

NANOSECONDS = 1_000_000_000
_MOST_DIGITS = len(str(MAX_NUMBER))
_SHORTEST_RECORD = len(b"5 k=\n")
_TEXTS = frozenset({b"path", b"linkpath", b"uname", b"gname"})
"""Records whose values hold no zero byte; those of attributes may hold any."""
_SPARSE_NUMBERS = (b"GNU.sparse.offset", b"GNU.sparse.numbytes")
"""Records that a map of sparse format 0.0 repeats in turn."""


def parse_records(content: bytes) -> list[tuple[bytes, bytes]]:
    """The records in order, repeated keys included (sparse maps repeat them); raises ValueError for bad ones.

    Bad are those that Go's archive/tar refuses.
    """
    records = list(_iter_records(content))
    numbers = [(key, value) for key, value in records if key in _SPARSE_NUMBERS]
    if any(key != _SPARSE_NUMBERS[place % 2] or b"," in value for place, (key, value) in enumerate(numbers)):
        raise ValueError("offsets and lengths of a sparse file do not alternate")
    return records


def merge_records(pairs: Iterable[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Records by key; a sparse map of format 0.0, in many records, becomes one of format 0.1, in a single one.

    An empty value takes a record back, and the header's own field counts again; an attribute may be empty.
    """
    pairs = list(pairs)
    records = {key: value for key, value in dict(pairs).items() if value or key.startswith(XATTR_PREFIX)}
    numbers = [value for key, value in pairs if key in _SPARSE_NUMBERS]
    if numbers:
        records[b"GNU.sparse.map"] = b",".join(numbers)
    return records


def parse_seconds(value: bytes) -> int:
    """Nanoseconds of a decimal number of seconds, digits beyond the ninth cut off; raises ValueError."""
    whole, _, fraction = value.partition(b".")
    if fraction and not fraction.isdigit():
        raise ValueError(f"not a number of seconds: {value[:40]!r}")
    sign = -1 if whole.startswith(b"-") else 1
    return parse_integer(whole) * NANOSECONDS + sign * int(fraction[:9].ljust(9, b"0"))


def parse_count(value: bytes) -> int:
    """A decimal number that is not negative and fits 64 bits; raises ValueError."""
    number = parse_integer(value)
    if number < 0:
        raise ValueError(f"a negative number: {value[:40]!r}")
    return number


def parse_integer(value: bytes) -> int:
    """A decimal number of 64 bits, with a sign or without, as Go's strconv.ParseInt takes it; raises ValueError."""
    digits = value[1:] if value[:1] in {b"-", b"+"} else value
    number = digits.lstrip(b"0") or b"0"
    is_negative = value.startswith(b"-")
    if not digits.isdigit() or len(number) > _MOST_DIGITS or int(number) > MAX_NUMBER + is_negative:
        raise ValueError(f"not a number of 64 bits: {value[:40]!r}")
    return -int(number) if is_negative else int(number)


def own_by_records(given: tuple[int, int, int], records: Mapping[bytes, bytes]) -> tuple[int, int, int]:
    """Mode, user and group with the owner that the records give; raises ValueError."""
    mode, uid, gid = given
    uid = parse_integer(records[b"uid"]) if b"uid" in records else uid
    gid = parse_integer(records[b"gid"]) if b"gid" in records else gid
    return mode, uid, gid


def _iter_records(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    position = 0
    while position < len(content):
        space = content.find(b" ", position)
        try:
            length = parse_integer(content[position : max(space, position)])
        except ValueError as error:
            raise ValueError(f"record at byte {position} does not start with its length") from error
        end = position + length
        if length < _SHORTEST_RECORD or not space < end <= len(content) or content[end - 1] != ord("\n"):
            raise ValueError(f"record at byte {position} claims {length} bytes")
        key, equals, value = content[space + 1 : end - 1].partition(b"=")
        if not equals or not key:
            raise ValueError(f"record at byte {position} has no key")
        if b"\0" in (value if key in _TEXTS else key):
            raise ValueError(f"record at byte {position} holds a zero byte")
        yield key, value
        position = end
