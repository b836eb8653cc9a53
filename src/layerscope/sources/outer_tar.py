"""The members of an outer tar, found by walking its headers and never reading a body.

Strict where container engines are (Go's archive/tar), with a limit on everything the archive could inflate. Python's
tarfile is not used: its enumeration has looped on crafted headers before (CVE-2019-20907, CVE-2025-8194).
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final, Protocol

from layerscope.errors import ImageError, LimitError
from layerscope.sources.outer_header import (
    BLOCK,
    Header,
    Member,
    Overrides,
    build_member,
    cut_at_nul,
    is_zero_block,
    padded,
    parse_header,
    take_records,
)

MAX_HEADERS: Final = 100_000
"""Headers of one archive: a thousand images of a hundred layers. A container's exported file system has more."""

MAX_RECORDS_SIZE: Final = 1 << 20
"""Bytes of PAX records or a long name before one member, as in Go's archive/tar."""

MAX_NAMES_SIZE: Final = 32 << 20
"""Bytes of all names and links of one archive, which are kept in memory; 100,000 names by digest need 16 MiB."""


class Positioned(Protocol):
    """Bytes read by their place, in rising order."""

    def read_at(self, offset: int, size: int) -> bytes:
        """Return the `size` bytes at `offset`, fewer only where the bytes end."""

    @property
    def length(self) -> int:
        """How many bytes there are; asked for only once their end was met."""


class OuterTar:
    """Walks the headers of one archive, once.

    An archive that ends too early is no error here: `damage` says how, once the walk is over, and whoever misses
    something because of it names both. A header that breaks the format raises ImageError.
    """

    def __init__(self, content: Positioned, *, where: str) -> None:
        """Prepare to walk `content`; `where` names the archive in errors."""
        self.damage: str | None = None
        self._content = content
        self._where = where
        self._position = 0
        self._headers = 0
        self._names_size = 0
        self._last: Member | None = None

    def __iter__(self) -> Iterator[Member]:
        overrides = Overrides()
        while (header := self._next_header()) is not None:
            if header.flag in b"xgLK":
                overrides = self._read_overrides(header, overrides)
                continue
            member = build_member(header, overrides, self._position, where=self._place())
            overrides = Overrides()
            self._count_names(member)
            self._last, self._position = member, member.end
            yield member

    def _next_header(self) -> Header | None:
        block = self._read_block()
        if block is None:
            return None
        if is_zero_block(block):
            self._check_end()
            return None
        self._headers += 1
        if self._headers > MAX_HEADERS:
            raise LimitError(
                f"reading {self._where}: more than {MAX_HEADERS} members, the limit for an image archive; expected "
                "what `docker save` writes (is this a container's file system, from `docker export`?)"
            )
        header = parse_header(block, where=self._place())
        more = header.is_sparse_extended
        while more:
            extension = self._read_block()
            if extension is None:
                return None
            more = extension[504] != 0
        return header

    def _read_block(self) -> bytes | None:
        block = self._content.read_at(self._position, BLOCK)
        if len(block) < BLOCK:
            self.damage = self._describe_end(len(block))
            return None
        self._position += BLOCK
        return block

    def _describe_end(self, there: int) -> str:
        length, last = self._content.length, self._last
        if last is not None and length < last.offset + last.size:
            present = max(0, length - last.offset)
            return f"ends inside the member {last.name!r}: {last.size} bytes expected, {present} there"
        if there or length < self._position:
            return f"ends inside the header at byte {self._position}"
        return f"ends at byte {length} without an end-of-archive marker"

    def _check_end(self) -> None:
        block = self._content.read_at(self._position, BLOCK)
        if len(block) == BLOCK and not is_zero_block(block):
            raise ImageError(f"reading {self._place()}: a lone zero block, expected a header or the archive's end")

    def _read_overrides(self, header: Header, earlier: Overrides) -> Overrides:
        where = self._place()
        start, self._position = self._position, self._position + padded(header.size)
        if header.flag == b"g":
            return Overrides()  # as Go does: global records say nothing of members, and what stood before them is over
        if header.size > MAX_RECORDS_SIZE:
            raise LimitError(f"reading {where}: {header.size} bytes of records, limit {MAX_RECORDS_SIZE}")
        content = self._content.read_at(start, header.size)
        if len(content) < header.size:
            return earlier  # the next header is not there either, which ends the walk
        if header.flag == b"x":
            return take_records(earlier, content, where=where)
        if header.flag == b"L":
            return replace(earlier, long_name=cut_at_nul(content))
        return replace(earlier, long_link=cut_at_nul(content))

    def _count_names(self, member: Member) -> None:
        self._names_size += len(member.name) + len(member.link)
        if self._names_size > MAX_NAMES_SIZE:
            raise LimitError(f"reading {self._where}: names of more than {MAX_NAMES_SIZE} bytes in all, the limit")

    def _place(self) -> str:
        return f"{self._where}: header at byte {self._position - BLOCK}"
