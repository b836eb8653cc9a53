"""One header of an outer tar, the archive that holds an image: names, sizes and links, read strictly.

POSIX ustar, PAX records and GNU's long names: https://www.gnu.org/software/tar/manual/html_node/Standard.html
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from layerscope.errors import ImageError, LimitError

BLOCK: Final = 512

MAX_MEMBER_SIZE: Final = 1 << 40
"""Bytes of one member: 1 TiB, fifty times a large GPU layer. More is a mistake or an attack."""

MAX_NAME_LENGTH: Final = 4096
"""Bytes of a name or link: Linux's PATH_MAX. Images name their members by digest, 80 bytes."""

MAX_NUMBER_DIGITS: Final = 20
"""Digits of a number in a PAX record: enough for every 64-bit value."""

MAX_TIME: Final = 2**63 - 1
"""The latest time that Linux and Go's archive/tar hold, in 64 bits with a sign."""

_ZERO_BLOCK: Final = bytes(BLOCK)
_CHECKSUM_FIELD: Final = slice(148, 156)
_SIGN_BIT: Final = 0x40
_HEADER_ONLY: Final = b"123456"
_SPARSE_VERSIONS: Final = frozenset({(b"0", b"0"), (b"0", b"1"), (b"1", b"0")})
_SPARSE_MAPS: Final = (b"GNU.sparse.map", b"GNU.sparse.offset")
"""Records that hold a map of sparse format 0.1 or 0.0, which may tell no version."""


class MemberKind(StrEnum):
    """What a member is to an image archive."""

    FILE = "file"
    HARDLINK = "hard link"
    SYMLINK = "symbolic link"
    DIRECTORY = "directory"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Member:
    """One member: its name and link target as written, and where its body lies in the archive."""

    name: str
    kind: MemberKind
    link: str
    offset: int
    size: int

    @property
    def end(self) -> int:
        """Where the next header lies."""
        return self.offset + padded(self.size)

    def count_bytes(self, length: int) -> int:
        """Return how many bytes of the body are there in an archive of `length` bytes."""
        return max(0, min(self.size, length - self.offset))


@dataclass(frozen=True, slots=True)
class Header:
    """One 512-byte header, before what records ahead of it say otherwise; `flag` is its type as written."""

    name: bytes
    link: bytes
    flag: bytes
    size: int
    is_sparse_extended: bool


@dataclass(frozen=True, slots=True)
class Overrides:
    """What PAX records and GNU long names, which count more, say about the next member; None where they say nothing."""

    name: bytes | None = None
    link: bytes | None = None
    size: int | None = None
    is_sparse: bool = False
    long_name: bytes | None = None
    long_link: bytes | None = None


def padded(size: int) -> int:
    """Return the room that a body of `size` bytes takes in the archive."""
    return -(-size // BLOCK) * BLOCK


def cut_at_nul(field: bytes) -> bytes:
    """Return what a field holds before its first NUL."""
    return field.partition(b"\0")[0]


def is_zero_block(block: bytes) -> bool:
    """Tell whether `block` is half of an end-of-archive marker."""
    return block == _ZERO_BLOCK


def has_valid_checksum(block: bytes) -> bool:
    """Tell whether `block` is a tar header by its checksum, summed as unsigned bytes or, as old tars did, signed."""
    if len(block) != BLOCK:
        return False
    try:
        stored = _parse_octal(block[_CHECKSUM_FIELD])
    except ValueError:
        return False
    summed = block[:148] + b" " * 8 + block[156:]
    unsigned = sum(summed)
    return stored in (unsigned, unsigned - 256 * sum(byte > 127 for byte in summed))  # noqa: PLR2004  # a byte's sign bit


def parse_header(block: bytes, *, where: str) -> Header:
    """Return what a header block says; raises ImageError where it breaks the format."""
    if not has_valid_checksum(block):
        raise ImageError(f"reading {where}: expected a tar header, found a block whose checksum does not match")
    flag = block[156:157]
    size = parse_number(block[124:136], where=f"{where}: size")
    name = cut_at_nul(block[0:100])
    if prefix := _read_prefix(block):
        name = prefix + b"/" + name
    return Header(
        name=name,
        link=cut_at_nul(block[157:257]),
        flag=flag,
        size=0 if flag in _HEADER_ONLY else size,
        is_sparse_extended=flag == b"S" and block[482] != 0,
    )


def build_member(header: Header, overrides: Overrides, offset: int, *, where: str) -> Member:
    """Return the member that `header` starts, with what its records override; its body begins at `offset`."""
    name = overrides.long_name or overrides.name or header.name
    link = overrides.long_link or overrides.link or header.link
    kind = _tell_kind(header.flag, name)
    size = header.size
    if overrides.size is not None and header.flag not in _HEADER_ONLY:
        size = overrides.size
    if overrides.is_sparse:
        kind = MemberKind.OTHER
    if size > MAX_MEMBER_SIZE:
        raise LimitError(f"reading {where}: a member of {size} bytes, limit {MAX_MEMBER_SIZE}")
    return Member(_decode(name, where), kind, _decode(link, where), offset, size)


def parse_number(field: bytes, *, where: str) -> int:
    """Return a header's number, in octal or in GNU's base 256; raises ImageError for anything else."""
    if field[0] & 0x80:
        if field[0] & _SIGN_BIT:
            raise ImageError(f"reading {where}: a negative number, expected 0 or more")
        return int.from_bytes(bytes([field[0] & 0x7F]) + field[1:], "big")
    try:
        return _parse_octal(field)
    except ValueError as error:
        raise ImageError(f"reading {where}: {bytes(field)!r}, expected an octal number") from error


def take_records(earlier: Overrides, content: bytes, *, where: str) -> Overrides:
    """Return what PAX records say, in the place of earlier ones, and the long names that are known already."""
    return replace(parse_pax(content, where=where), long_name=earlier.long_name, long_link=earlier.long_link)


def parse_pax(content: bytes, *, where: str) -> Overrides:
    """Return what PAX records say about a member's name, link and size; raises ImageError where they do not parse."""
    records = _split_pax(content, where)
    size = records.get(b"size") or None
    if size is not None and not (size.isdigit() and len(size) <= MAX_NUMBER_DIGITS):
        raise ImageError(f"reading {where}: PAX size {size[:40]!r}, expected a decimal number")
    return Overrides(
        name=records.get(b"path") or None,
        link=records.get(b"linkpath") or None,
        size=None if size is None else int(size),
        is_sparse=_is_sparse(records),
    )


def _is_sparse(records: Mapping[bytes, bytes]) -> bool:
    """Whether the records are those of a sparse file, as Go's archive/tar tells them."""
    version = records.get(b"GNU.sparse.major", b""), records.get(b"GNU.sparse.minor", b"")
    has_map = any(records.get(key) for key in _SPARSE_MAPS)
    return version in _SPARSE_VERSIONS or (version == (b"", b"") and has_map)


def _read_prefix(block: bytes) -> bytes:
    """What stands before the name in a field of its own.

    GNU's headers have two times there, and of Go's writers before Go 1.8 a name: https://go.dev/issue/12594
    """
    is_star = block[257:263] == b"ustar\0" and block[508:512] == b"tar\0"
    prefix = cut_at_nul(block[345 : 476 if is_star else 500])
    if block[257:263] == b"ustar\0":
        return prefix
    is_name = block[257:265] == b"ustar  \0" and not (_is_time(block[345:357]) and _is_time(block[357:369]))
    return prefix if is_name and prefix.isascii() else b""


def _is_time(field: bytes) -> bool:
    """Whether a field is empty or holds a number of 64 bits."""
    if field[0] & 0x80:
        number = int.from_bytes(bytes([field[0] & 0x7F]) + field[1:], "big")
        if field[0] & _SIGN_BIT:
            number -= 1 << (8 * len(field) - 1)
        return -MAX_TIME - 1 <= number <= MAX_TIME
    try:
        return not field[0] or _parse_octal(field) <= MAX_TIME
    except ValueError:
        return False


def _split_pax(content: bytes, where: str) -> Mapping[bytes, bytes]:
    records: dict[bytes, bytes] = {}
    position = 0
    while position < len(content):
        digits, space, _ = content[position : position + MAX_NUMBER_DIGITS].partition(b" ")
        length = int(digits) if space and digits.isdigit() else 0
        record = content[position : position + length]
        key, equals, value = record[len(digits) + 1 : -1].partition(b"=")
        if len(record) != length or not key or not equals or not record.endswith(b"\n"):
            raise ImageError(f"reading {where}: a PAX record that does not parse, expected 'LENGTH KEY=VALUE'")
        records[key] = value
        position += length
    return records


def _tell_kind(flag: bytes, name: bytes) -> MemberKind:
    match flag:
        case b"0" | b"\0" | b"7":
            return MemberKind.DIRECTORY if name.endswith(b"/") else MemberKind.FILE
        case b"1":
            return MemberKind.HARDLINK
        case b"2":
            return MemberKind.SYMLINK
        case b"5":
            return MemberKind.DIRECTORY
        case _:
            return MemberKind.OTHER


def _parse_octal(field: bytes) -> int:
    digits = field.strip(b" \0").partition(b"\0")[0]
    if not digits:
        return 0
    if not all(0x30 <= digit <= 0x37 for digit in digits):  # noqa: PLR2004  # the digits 0 to 7
        raise ValueError(f"{digits!r} is not octal")
    return int(digits, 8)


def _decode(name: bytes, where: str) -> str:
    if len(name) > MAX_NAME_LENGTH:
        raise LimitError(f"reading {where}: a name of {len(name)} bytes, limit {MAX_NAME_LENGTH}")
    if b"\0" in name:
        raise ImageError(f"reading {where}: a name with a NUL in it")
    return name.decode("utf-8", "backslashreplace")
