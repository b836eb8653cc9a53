"""Fatbinaries: containers of device code, found in a stream of bytes and listed without decompressing anything.

A container is 16 bytes (magic, version, header size, payload size) and entries one after another; an entry is a header
of at least 64 bytes, which tells kind, architecture and PTX version, and a payload, which is skipped by its count.
Compilers align containers to eight bytes, and only there they are looked for, which doubles the speed.
The layout is not documented by NVIDIA; it is the one of the CUDA header `fatbinary_section.h` and of what others read:
https://github.com/n-eiling/cuda-fatbin-decompression, https://github.com/jiegec/fatbinary, https://github.com/vosen/ZLUDA.
"""

import struct
from bisect import bisect_right
from collections.abc import Sequence
from typing import Final

from layerscope.errors import FormatError
from layerscope.formats.container_tally import CONTAINER_LIMIT, ENTRY_FLAGS, Container, ContainerTally
from layerscope.formats.device_code import DeviceCode

MAGIC: Final = bytes.fromhex("50ed55ba01001000")
"""0xBA55ED50, version 1, header of 16 bytes."""

LOADED_SECTION: Final = ".nv_fatbin"
"""The section whose containers the CUDA runtime registers when an object is loaded."""

LINKING_SECTION: Final = "__nv_relfatbin"
"""The section of relocatable device code, for linking on the build machine."""

HEADER_LIMIT: Final = 1 << 16
"""Bytes of an entry's header: 64, and then its name and options, of a few hundred bytes."""

_CONTAINER_HEADER: Final = 16
_ENTRY_HEADER: Final = 64
_ENTRY: Final = struct.Struct("<HHIQ8xHHI8xQ")
_SINGLE: Final = struct.Struct("<8xQHHIQ8xHHI8xQ16x")
"""A container's header and that of its first entry."""

_ENTRY_VERSION: Final = 0x0101
_ALIGNMENT: Final = 8
_RARE: Final = MAGIC[1:2]
_FIRST_STEP: Final = 4096
_LAST_STEP: Final = 1 << 16

Section = tuple[str, int, int]
"""Name, offset in the file and size of a section that has bytes in the file."""


class FatbinaryScanner:
    """Lists the containers of one object from its bytes, in pieces of any size; the result does not depend on them."""

    def __init__(self, size: int | None = None) -> None:
        """Start before the object's first byte; with its `size`, no container may claim to reach beyond it."""
        self.has_found = False
        self._size = size
        self._tail = b""
        self._position = 0
        self._skip = 0
        self._open: Container | None = None
        self._tally = ContainerTally()
        self._damaged: list[tuple[int, bool]] = []

    def feed(self, piece: memoryview) -> None:
        """Take the next piece of the object."""
        length = len(piece)
        if self._skip >= length:
            self._skip -= length
            self._position += length
            return
        data = b"".join((self._tail, piece)) if self._tail else _to_bytes(piece)
        base, index = self._position - len(self._tail), self._skip
        self._position += length
        self._skip = 0
        self._tail = b""
        stop = self._walk(data, base, index)
        if stop > len(data):
            self._skip = stop - len(data)
        else:
            self._tail = data[stop:]

    def skip(self, length: int) -> bool:
        """Pass over so many bytes unread, in which no container begins; False where one is open and may go on there."""
        if self._open is not None or self._skip:
            return False
        self._position += length
        self._tail = b""
        return True

    def finish(self, sections: Sequence[Section] = ()) -> DeviceCode:
        """All containers, each under the section that it lies in; `sections` are those of the file, in any order."""
        if self._open is not None and self._open.end == self._position and not self._skip + len(self._tail):
            self._close(self._open)
        elif self._open is not None:
            self._close_damaged(self._open)
        places = sorted(sections, key=lambda section: section[1])
        starts = [place[1] for place in places]

        def section_at(offset: int) -> str:
            index = bisect_right(starts, offset) - 1
            return places[index][0] if index >= 0 and offset < starts[index] + places[index][2] else ""

        damaged = sum(certain or section_at(start) == LOADED_SECTION for start, certain in self._damaged)
        return DeviceCode(self._tally.group(section_at), damaged, self._tally.unread)

    def _walk(self, data: bytes, base: int, index: int) -> int:
        """Go through `data`, which starts at `base` of the object, from `index` on, to where more is needed."""
        length = len(data)
        while True:
            if self._open is None:
                index = self._take_singles(data, base, index)
                found = _find_magic(data, index, base)
                if length - found < _CONTAINER_HEADER:
                    return found
                index = found + _CONTAINER_HEADER
                self._start(base + found, int.from_bytes(data[found + 8 : index], "little"))
                continue
            remaining = self._open.end - base - index
            if remaining == 0:
                self._close(self._open)
            elif remaining < _ENTRY_HEADER:
                self._close_damaged(self._open)
            elif length - index < _ENTRY_HEADER:
                return index
            else:
                index += self._take_entry(self._open, data, index, remaining)
                if index > length:
                    return index

    def _take_singles(self, data: bytes, base: int, index: int) -> int:
        """Take containers of one entry for as long as one follows the other, as most do; returns where that ends.

        What is in any way unusual, or not at hand to its end, is left to the step by step reading of `_walk`.
        """
        last, room = len(data) - _SINGLE.size, len(data) - _CONTAINER_HEADER
        number_of, add = self._tally.number_of, self._tally.add
        while index <= last and data.startswith(MAGIC, index) and not (base + index) % _ALIGNMENT:
            size, kind, version, header, payload, minor, major, arch, flags = _SINGLE.unpack_from(data, index)
            is_usual = version == _ENTRY_VERSION and _ENTRY_HEADER <= header <= HEADER_LIMIT
            if not is_usual or header + payload != size or index + size > room:
                break
            add(base + index, (number_of((kind, arch, flags & ENTRY_FLAGS, major, minor)),), (payload,))
            self.has_found = True
            index += _CONTAINER_HEADER + size
        return index

    def _start(self, start: int, size: int) -> None:
        self.has_found = True
        container = Container(start, start + _CONTAINER_HEADER + size)
        if self._size is not None and container.end > self._size:
            self._close_damaged(container)
        else:
            self._open = container

    def _take_entry(self, container: Container, data: bytes, index: int, remaining: int) -> int:
        """The length of the entry whose header is at `index`; 0 when it is none, which ends the container."""
        kind, version, header, payload, minor, major, arch, flags = _ENTRY.unpack_from(data, index)
        length: int = header + payload
        if version != _ENTRY_VERSION or not _ENTRY_HEADER <= header <= HEADER_LIMIT or length > remaining:
            self._close_damaged(container)
            return 0
        number = self._tally.number_of((kind, arch, flags & ENTRY_FLAGS, major, minor))
        container.add(number, payload)
        return length

    def _close(self, container: Container) -> None:
        if not container.entries:
            self._close_damaged(container)
            return
        self._open = None
        self._tally.add(container.start, tuple(container.entries), container.sizes)

    def _close_damaged(self, container: Container) -> None:
        """Look for the next container; the magic alone, outside the section made for it, may be anything."""
        self._open = None
        if len(self._damaged) < CONTAINER_LIMIT:
            self._damaged.append((container.start, bool(container.entries)))


def parse_fatbinary(content: bytes) -> DeviceCode:
    """The device code of a `.fatbin` file; raises FormatError where it does not start with a container."""
    if not content.startswith(MAGIC):
        raise FormatError(f"reading a fatbinary: it starts with {content[:8].hex()!r}, expected {MAGIC.hex()!r}")
    scanner = FatbinaryScanner(len(content))
    scanner.feed(memoryview(content))
    return scanner.finish()


def _to_bytes(piece: memoryview) -> bytes:
    """The bytes of a piece, which are copied only where it is not all of an object."""
    whole = piece.obj
    return whole if isinstance(whole, bytes) and len(whole) == len(piece) else bytes(piece)


def _find_magic(data: bytes, index: int, base: int) -> int:
    """The next place of the magic that is aligned in the object, else the last one from which data may go on.

    One byte of each eight is cut out and searched for the magic's second, which is rare in machine code and text.
    """
    start = index + (-(base + index)) % _ALIGNMENT
    step = _FIRST_STEP
    last = len(data) - len(MAGIC)
    while start <= last:
        words = data[start + 1 : start + step : _ALIGNMENT]
        word = words.find(_RARE)
        while word >= 0:
            if data.startswith(MAGIC, start + _ALIGNMENT * word):
                return start + _ALIGNMENT * word
            word = words.find(_RARE, word + 1)
        start += step
        step = min(2 * step, _LAST_STEP)
    return max(index, len(data) - (base + len(data)) % _ALIGNMENT)
