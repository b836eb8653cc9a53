"""rpm's former database, `Packages`: a Berkeley DB hash table whose values are header blobs.

Offsets are those of Berkeley DB's src/dbinc/db_page.h; a file of the other byte order is read as well.
"""

import struct
from collections.abc import Iterator
from typing import Final

from layerscope.errors import FormatError

_MAGIC: Final = 0x00061561
_MAGIC_OFFSET: Final = 12
MAGICS: Final = (_MAGIC.to_bytes(4, "little"), _MAGIC.to_bytes(4, "big"))
"""At byte 12 of the file, in either byte order."""

PAGE_SIZES: Final = (512, 65536)
"""Berkeley DB's own bounds."""

RECORDS_LIMIT: Final = 200_000
"""Pairs of key and value in one database; all of Fedora has 80,000 packages."""

_HEADER_SIZE: Final = 26
_HASH_PAGES: Final = frozenset({2, 13})
"""P_HASH_UNSORTED and P_HASH."""
_OVERFLOW_PAGE: Final = 7
_IN_PAGE, _OFF_PAGE = 1, 3
"""H_KEYDATA and H_OFFPAGE."""
_SHORT_KEY: Final = 4
"""Bytes of a record's number, which is its key; number 0 holds the next number to be given."""


class _Pages:
    """The pages of one file."""

    def __init__(self, content: bytes) -> None:
        """Find byte order and page size."""
        magic = content[_MAGIC_OFFSET : _MAGIC_OFFSET + 4]
        if magic not in MAGICS:
            raise FormatError("reading an rpm Berkeley DB: not a hash table")
        order = "<" if magic == MAGICS[0] else ">"
        self.content, self.short = content, struct.Struct(f"{order}H")
        self._header = struct.Struct(f"{order}8sIIIHHBB")
        self.off_page = struct.Struct(f"{order}B3xII")
        (self.size,) = struct.Struct(f"{order}I").unpack_from(content.ljust(24, b"\0"), 20)
        if not PAGE_SIZES[0] <= self.size <= PAGE_SIZES[1] or self.size & (self.size - 1):
            raise FormatError(f"reading an rpm Berkeley DB: pages of {self.size:,} bytes")
        self.count = self._unread = len(content) // self.size
        """Pages, and how many of them values may still lie on: no two share one."""

    def header(self, number: int) -> tuple[int, int, int, int]:
        """Next page, entries, bytes in use, and type of a page."""
        _, _, _, following, entries, used, _, kind = self._header.unpack_from(self.content, number * self.size)
        return following, entries, used, kind

    def read_chain(self, number: int, length: int, budget: int) -> bytes:
        """The value that overflow pages hold, of `length` bytes; all chains together are no longer than the file."""
        if length > budget:
            raise FormatError("reading an rpm Berkeley DB: its values are larger than the file")
        pieces: list[bytes] = []
        missing = length
        while missing > 0:
            self._unread -= 1
            if not 0 < number < self.count or self._unread < 0:
                raise FormatError(f"reading an rpm Berkeley DB: page {number:,} is not in the file, or read twice")
            following, _, used, kind = self.header(number)
            if kind != _OVERFLOW_PAGE or not 0 < used <= self.size - _HEADER_SIZE:
                raise FormatError(f"reading an rpm Berkeley DB: page {number:,} is not an overflow page")
            start = number * self.size + _HEADER_SIZE
            pieces.append(self.content[start : start + min(used, missing)])
            missing -= used
            number = following
        return b"".join(pieces)


def iter_bdb_blobs(content: bytes) -> Iterator[bytes]:
    """The header blobs in order of their pages; raises FormatError."""
    pages = _Pages(content)
    budget, records = len(content), 0
    for number in range(1, pages.count):
        _, entries, _, kind = pages.header(number)
        if kind not in _HASH_PAGES:
            continue
        if _HEADER_SIZE + entries * 2 > pages.size:
            raise FormatError(f"reading an rpm Berkeley DB: page {number:,} has {entries:,} entries")
        base = number * pages.size
        places = [pages.short.unpack_from(content, base + _HEADER_SIZE + 2 * each)[0] for each in range(entries)]
        for item in range(1, entries, 2):
            value = _read_value(pages, base, places, item, budget)
            budget, records = budget - len(value), records + 1
            if budget < 0 or records > RECORDS_LIMIT:
                raise FormatError("reading an rpm Berkeley DB: its values are larger than the file, or too many")
            if len(value) > _SHORT_KEY:
                yield value


def _read_value(pages: _Pages, base: int, places: list[int], item: int, budget: int) -> bytes:
    """The value of one pair; items lie from the page's end downwards, each up to where the one before begins."""
    start, stop = places[item], places[item - 1]
    if not _HEADER_SIZE <= start < stop <= pages.size:
        raise FormatError("reading an rpm Berkeley DB: an item runs out of its page")
    kind = pages.content[base + start]
    if kind == _IN_PAGE:
        return pages.content[base + start + 1 : base + stop]
    if kind == _OFF_PAGE and stop - start >= pages.off_page.size:
        _, number, length = pages.off_page.unpack_from(pages.content, base + start)
        return pages.read_chain(number, length, budget)
    return b""
