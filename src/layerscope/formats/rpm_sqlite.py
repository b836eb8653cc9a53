"""rpm's present database, `rpmdb.sqlite`: the blobs of its table `Packages`, without an SQL engine.

https://www.sqlite.org/fileformat2.html. Only b-tree pages of tables are read, so that views, triggers and virtual
tables of a hostile file have no one to run them, and no query can be endless.
"""

import struct
from collections.abc import Iterator
from typing import Final

from layerscope.errors import FormatError

MAGIC: Final = b"SQLite format 3\0"

VALUE_LIMIT: Final = 256 << 20
"""Bytes of one header that rpm itself accepts."""

SCHEMA_LIMIT: Final = 1000
"""Tables and indexes; rpm makes about forty."""

ROWS_LIMIT: Final = 200_000
"""Rows of the table; all of Fedora has 80,000 packages."""

COLUMNS_LIMIT: Final = 2000
"""Columns of a table that SQLite itself accepts (SQLITE_MAX_COLUMN); rpm's have two."""

_INTERIOR, _LEAF = 5, 13
_HEADER_SIZE: Final = 100
_SHORT: Final = struct.Struct(">H")
_LONG: Final = struct.Struct(">I")
_VARINT_BYTES: Final = 9
_FIXED_SIZES: Final = {0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8, 7: 8, 8: 0, 9: 0}
_FIRST_BLOB: Final = 12
_MINIMUM_PAGE: Final = 512
_LARGEST_PAGE: Final = 65536


class _Database:
    """The pages of one file."""

    def __init__(self, content: bytes) -> None:
        """Find the page size."""
        if len(content) < _HEADER_SIZE or not content.startswith(MAGIC):
            raise FormatError("reading an rpm SQLite database: no header")
        (size,) = _SHORT.unpack_from(content, 16)
        self.content, self.page_size = content, _LARGEST_PAGE if size == 1 else size
        if self.page_size < _MINIMUM_PAGE or self.page_size & (self.page_size - 1):
            raise FormatError(f"reading an rpm SQLite database: pages of {self.page_size:,} bytes")
        self.usable = self.page_size - content[20]
        self.count = len(content) // self.page_size
        self._budget = len(content)
        """Bytes that values may have together: more than the file has means that they share pages."""

    def iter_rows(self, root: int) -> Iterator[tuple[int, list[bytes | int | None]]]:
        """Row numbers and columns of the table at a page; each page is visited once."""
        pending, seen = [root], set[int]()
        while pending:
            number = pending.pop()
            if number in seen or not 0 < number <= self.count:
                raise FormatError(f"reading an rpm SQLite database: page {number:,} twice, or not in the file")
            seen.add(number)
            base = (number - 1) * self.page_size
            head = base + (_HEADER_SIZE if number == 1 else 0)
            kind, cells = self.content[head], _SHORT.unpack_from(self.content, head + 3)[0]
            pointers = head + (12 if kind == _INTERIOR else 8)
            if kind not in (_INTERIOR, _LEAF) or pointers + 2 * cells > base + self.page_size:
                raise FormatError(f"reading an rpm SQLite database: page {number:,} is not a table's")
            places = [base + _SHORT.unpack_from(self.content, pointers + 2 * cell)[0] for cell in range(cells)]
            if kind == _LEAF:
                yield from map(self._read_row, places)
                continue
            below = [self._read_long(place) for place in places]
            pending += [self._read_long(head + 8), *reversed(below)]

    def _read_row(self, place: int) -> tuple[int, list[bytes | int | None]]:
        """A leaf's cell: row number and columns."""
        length, place = self._read_varint(self.content, place)
        row, place = self._read_varint(self.content, place)
        return row, self._read_columns(self._read_payload(place, length))

    def _read_payload(self, place: int, length: int) -> bytes:
        """The record of a cell, its overflow pages included."""
        self._budget -= length
        if length > VALUE_LIMIT or self._budget < 0:
            raise FormatError("reading an rpm SQLite database: its records are larger than the file")
        most = self.usable - 35
        least = (self.usable - 12) * 32 // 255 - 23
        local = length
        if length > most:
            local = least + (length - least) % (self.usable - 4)
            local = least if local > most else local
        pieces, missing = [self.content[place : place + local]], length - local
        following = self._read_long(place + local) if missing else 0
        while missing > 0:
            if not 0 < following <= self.count:
                raise FormatError(f"reading an rpm SQLite database: page {following:,} is not in the file")
            base = (following - 1) * self.page_size
            taken = min(missing, self.usable - 4)
            pieces.append(self.content[base + 4 : base + 4 + taken])
            missing -= taken
            following = self._read_long(base)
        return b"".join(pieces)

    def _read_columns(self, record: bytes) -> list[bytes | int | None]:
        """The columns of a record."""
        size, place = self._read_varint(record, 0)
        offset, columns = size, list[bytes | int | None]()
        while place < size and len(columns) < COLUMNS_LIMIT:
            kind, place = self._read_varint(record, place)
            width = (kind - _FIRST_BLOB) // 2 if kind >= _FIRST_BLOB else _FIXED_SIZES.get(kind, 0)
            value = record[offset : offset + width]
            offset += width
            if kind >= _FIRST_BLOB:
                columns.append(value)
            else:
                columns.append(int.from_bytes(value, "big", signed=True) if kind else None)
        return columns

    def _read_long(self, place: int) -> int:
        """Four bytes."""
        if place + _LONG.size > len(self.content):
            raise FormatError("reading an rpm SQLite database: it ends inside a page")
        return int(_LONG.unpack_from(self.content, place)[0])

    @staticmethod
    def _read_varint(data: bytes, place: int) -> tuple[int, int]:
        """A number of up to nine bytes, and where it ends."""
        value = 0
        for position, byte in enumerate(data[place : place + _VARINT_BYTES], start=1):
            if position == _VARINT_BYTES:
                return value << 8 | byte, place + position
            value = value << 7 | byte & 0x7F
            if byte < 0x80:  # noqa: PLR2004 - the high bit says that more follows
                return value, place + position
        raise FormatError("reading an rpm SQLite database: it ends inside a number")


def iter_sqlite_blobs(content: bytes) -> Iterator[bytes]:
    """The header blobs in order of their numbers; raises FormatError."""
    database = _Database(content)
    for count, (_, columns) in enumerate(database.iter_rows(_find_table(database))):
        if count == ROWS_LIMIT:
            raise FormatError(f"reading an rpm SQLite database: more than {ROWS_LIMIT:,} rows")
        blob = columns[-1] if columns else None
        if isinstance(blob, bytes):
            yield blob


def _find_table(database: _Database) -> int:
    """The first page of the table `Packages`, from the schema: type, name, table, first page, SQL."""
    for count, (_, columns) in enumerate(database.iter_rows(1)):
        if count == SCHEMA_LIMIT:
            break
        match columns:
            case [b"table", b"Packages", _, int(root), *_]:
                return root
    raise FormatError("reading an rpm SQLite database: it has no table Packages")
