"""rpm's own database format "ndb", `Packages.db`: slots that point to blobs, as SUSE uses it.

The layout is that of lib/backend/ndb/rpmpkg.c: pages of 4096 bytes with slots of 16 bytes, then blobs in blocks of 16.
"""

import struct
from collections.abc import Iterator
from typing import Final

from layerscope.errors import FormatError

MAGIC: Final = b"RpmP"

SLOT_PAGES_LIMIT: Final = 4096
"""Pages of slots: room for a million packages."""

BLOB_LIMIT: Final = 256 << 20
"""Bytes of one header that rpm itself accepts."""

_HEADER: Final = struct.Struct("<4sIIII")
_SLOT: Final = struct.Struct("<4sIII")
_BLOB: Final = struct.Struct("<4sIII")
_PAGE_SIZE: Final = 4096
_FIRST_SLOT: Final = 2
"""The first two places of the first page are the header's."""
_BLOCK: Final = 16


def iter_ndb_blobs(content: bytes) -> Iterator[bytes]:
    """The header blobs in order of their slots; raises FormatError."""
    if len(content) < _PAGE_SIZE or not content.startswith(MAGIC):
        raise FormatError("reading an rpm ndb database: no header")
    _, version, _, pages, _ = _HEADER.unpack_from(content)
    if version != 0:
        raise FormatError(f"reading an rpm ndb database: version {version}, expected 0")
    if not 0 < pages <= SLOT_PAGES_LIMIT or pages * _PAGE_SIZE > len(content):
        raise FormatError(f"reading an rpm ndb database: {pages:,} pages of slots in {len(content):,} bytes")
    left = len(content)
    for place in range(_FIRST_SLOT * _SLOT.size, pages * _PAGE_SIZE, _SLOT.size):
        magic, package, block, blocks = _SLOT.unpack_from(content, place)
        if magic != b"Slot":
            raise FormatError(f"reading an rpm ndb database: no slot at byte {place:,}")
        if not block or not package:
            continue
        blob = _read_blob(content, package, block * _BLOCK, blocks * _BLOCK)
        left -= len(blob)
        if left < 0:
            raise FormatError("reading an rpm ndb database: its slots share blobs")
        yield blob


def _read_blob(content: bytes, package: int, start: int, size: int) -> bytes:
    """The blob of one slot."""
    if start + _BLOB.size > len(content):
        raise FormatError(f"reading an rpm ndb database: package {package} lies behind its end")
    magic, owner, _, length = _BLOB.unpack_from(content, start)
    if magic != b"BlbS" or owner != package:
        raise FormatError(f"reading an rpm ndb database: no blob of package {package} at byte {start:,}")
    if length > BLOB_LIMIT or length + _BLOB.size > size or start + _BLOB.size + length > len(content):
        raise FormatError(f"reading an rpm ndb database: package {package} has {length:,} bytes, beyond its place")
    return content[start + _BLOB.size : start + _BLOB.size + length]
