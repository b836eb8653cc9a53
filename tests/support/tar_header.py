"""The 512-byte tar header: fields, numbers and checksum, and the dialects that fill it differently."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

BLOCK: Final = 512

FIELDS: Final[dict[str, tuple[int, int]]] = {
    "name": (0, 100),
    "mode": (100, 8),
    "uid": (108, 8),
    "gid": (116, 8),
    "size": (124, 12),
    "mtime": (136, 12),
    "chksum": (148, 8),
    "typeflag": (156, 1),
    "linkname": (157, 100),
    "magic": (257, 8),
    "uname": (265, 32),
    "gname": (297, 32),
    "devmajor": (329, 8),
    "devminor": (337, 8),
    "prefix": (345, 155),
}
"""Header fields as (offset, length); `magic` holds the version too."""

USTAR_MAGIC: Final = b"ustar\x0000"
GNU_MAGIC: Final = b"ustar  \x00"
V7_MAGIC: Final = bytes(8)


class CannotHoldError(ValueError):
    """The dialect has no way to write this member."""


class Extension(Enum):
    """What a dialect does with what does not fit into the header."""

    NONE = "none"
    GNU = "gnu"
    """Long names in members of type L and K, large numbers in base 256."""
    PAX = "pax"
    """Records in a member of type x."""


@dataclass(frozen=True)
class Dialect:
    """A way to write tar; `always` uses the extension even where the header would do."""

    name: str
    magic: bytes
    extension: Extension
    always: bool = False

    def __str__(self) -> str:
        return self.name


V7: Final = Dialect("v7", V7_MAGIC, Extension.NONE)
USTAR: Final = Dialect("ustar", USTAR_MAGIC, Extension.NONE)
PAX: Final = Dialect("pax", USTAR_MAGIC, Extension.PAX)
PAX_ALWAYS: Final = Dialect("pax-always", USTAR_MAGIC, Extension.PAX, always=True)
GNU: Final = Dialect("gnu", GNU_MAGIC, Extension.GNU)
GNU_ALWAYS: Final = Dialect("gnu-always", GNU_MAGIC, Extension.GNU, always=True)

DIALECTS: Final = (V7, USTAR, PAX, PAX_ALWAYS, GNU, GNU_ALWAYS)


def render_header(values: Mapping[str, bytes]) -> bytes:
    """The header block that holds `values`, its checksum computed unless `chksum` is among them."""
    block = bytearray(BLOCK)
    for name, value in values.items():
        offset, length = FIELDS[name]
        if len(value) > length:
            raise CannotHoldError(f"header field {name} holds {length} bytes, not {len(value)}")
        block[offset : offset + len(value)] = value
    if "chksum" not in values:
        seal_header(block)
    return bytes(block)


def seal_header(block: bytearray) -> None:
    """Write the checksum that the block's other bytes ask for."""
    offset, length = FIELDS["chksum"]
    block[offset : offset + length] = b" " * length
    block[offset : offset + length] = b"%06o\0 " % sum(block[:BLOCK])


def fits_octal(value: int, field: str) -> bool:
    """Whether a number fits a field as octal digits and a closing NUL."""
    return 0 <= value < 1 << 3 * (FIELDS[field][1] - 1)


def octal(value: int, field: str) -> bytes:
    """A number as octal digits, closed with a NUL."""
    if not fits_octal(value, field):
        raise CannotHoldError(f"{field} {value} does not fit {FIELDS[field][1] - 1} octal digits")
    return b"%0*o\0" % (FIELDS[field][1] - 1, value)


def base256(value: int, field: str) -> bytes:
    """A number in GNU's base 256: the first bit set, the rest two's complement."""
    length = FIELDS[field][1]
    encoded = bytearray(value.to_bytes(length, "big", signed=True))
    encoded[0] |= 0x80
    return bytes(encoded)


def encode_name(name: str) -> bytes:
    """The bytes of a name, lone surrogates turned back into the bytes they stand for."""
    return name.encode("utf-8", "surrogateescape")
