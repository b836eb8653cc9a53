"""Fatbinaries: containers of device code, found in a stream of bytes and listed without decompressing anything.

A container is 16 bytes (magic, version, header size, payload size) and entries one after another; an entry is a header
of at least 64 bytes, which tells kind, architecture and PTX version, and a payload, which is skipped by its count.
The layout is not documented by NVIDIA; it is the one of the CUDA header `fatbinary_section.h` and of what others read:
https://github.com/n-eiling/cuda-fatbin-decompression, https://github.com/jiegec/fatbinary, https://github.com/vosen/ZLUDA.
"""

import struct
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from layerscope.errors import FormatError
from layerscope.formats.device_code import CodeKind, ContainerGroup, DeviceCode, DeviceTarget

MAGIC: Final = bytes.fromhex("50ed55ba01001000")
"""0xBA55ED50, version 1, header of 16 bytes."""

LOADED_SECTION: Final = ".nv_fatbin"
"""The section whose containers the CUDA runtime registers when an object is loaded."""

LINKING_SECTION: Final = "__nv_relfatbin"
"""The section of relocatable device code, for linking on the build machine."""

CONTAINER_LIMIT: Final = 1 << 15
"""Containers of one object that are kept; the most that was seen is 2,700, in libcublasLt."""

ENTRY_LIMIT: Final = 1 << 12
"""Entries of one container; the most that was seen is below 100."""

TARGET_LIMIT: Final = 1 << 18
"""Targets kept for one object over all different sets of targets, a ceiling on memory of some 50 MB."""

HEADER_LIMIT: Final = 1 << 16
"""Bytes of an entry's header: 64, and then its name and options, of a few hundred bytes."""

_CONTAINER_HEADER: Final = 16
_ENTRY_HEADER: Final = 64
_ENTRY: Final = struct.Struct("<HHIQ8xHHI8xQ")
_ENTRY_VERSION: Final = 0x0101
_KINDS: Final = {1: CodeKind.PTX, 2: CodeKind.SASS, 8: CodeKind.LTO}
_LTO_FLAG: Final = 0x10000
_SUFFIX_FLAGS: Final = 0x300000
_SUFFIXES: Final = {0: "", 0x100000: "a", 0x200000: "f", 0x300000: "a"}
_RUNS: Final = frozenset({CodeKind.PTX, CodeKind.SASS})

Section = tuple[str, int, int]
"""Name, offset in the file and size of a section that has bytes in the file."""


@dataclass(slots=True)
class _Container:
    """A container that is being read: where it starts and ends, and its entries so far."""

    start: int
    end: int
    targets: list[DeviceTarget] = field(default_factory=list)
    bytes_by_arch: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Read:
    """A container that was read to its end."""

    start: int
    targets: tuple[DeviceTarget, ...]
    bytes_by_arch: tuple[tuple[int, int], ...]


class FatbinaryScanner:
    """Lists the containers of one object from its bytes, in pieces of any size; the result does not depend on them."""

    def __init__(self, size: int | None = None) -> None:
        """Start before the object's first byte; with its `size`, no container may claim to reach beyond it."""
        self._size = size
        self._tail = b""
        self._position = 0
        self._skip = 0
        self._open: _Container | None = None
        self._read: list[_Read] = []
        self._damaged: list[tuple[int, bool]] = []
        self._unread = 0
        self._known_targets: dict[tuple[int, int, int, int, int], DeviceTarget] = {}
        self._known_sets: dict[tuple[DeviceTarget, ...], tuple[DeviceTarget, ...]] = {}
        self._kept_targets = 0

    def feed(self, piece: memoryview) -> None:
        """Take the next piece of the object."""
        length = len(piece)
        if self._skip >= length:
            self._skip -= length
            self._position += length
            return
        data = b"".join((self._tail, piece[self._skip :]))
        base = self._position - len(self._tail) + self._skip
        self._position += length
        self._skip = 0
        self._tail = b""
        stop = self._walk(data, base)
        if stop > len(data):
            self._skip = stop - len(data)
        else:
            self._tail = data[stop:]

    def finish(self, sections: Sequence[Section] = ()) -> DeviceCode:
        """All containers, each under the section that it lies in; `sections` are those of the file, in any order."""
        if self._open is not None:
            self._close_damaged(self._open)
        places = sorted(sections, key=lambda section: section[1])
        starts = [place[1] for place in places]

        def section_at(offset: int) -> str:
            index = bisect_right(starts, offset) - 1
            return places[index][0] if index >= 0 and offset < starts[index] + places[index][2] else ""

        damaged = sum(certain or section_at(start) == LOADED_SECTION for start, certain in self._damaged)
        groups: dict[tuple[str, tuple[DeviceTarget, ...]], list[_Read]] = {}
        for read in self._read:
            groups.setdefault((section_at(read.start), read.targets), []).append(read)
        ordered = sorted(groups.items())
        return DeviceCode(
            tuple(
                ContainerGroup(targets, len(members), section, _sum_bytes(members))
                for (section, targets), members in ordered
            ),
            damaged,
            self._unread,
        )

    def _walk(self, data: bytes, base: int) -> int:
        """Go through `data`, which starts at `base` of the object; returns the index from which more is needed."""
        index = 0
        length = len(data)
        while True:
            if self._open is None:
                found = data.find(MAGIC, index)
                if found < 0:
                    return max(index, length - len(MAGIC) + 1)
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

    def _start(self, start: int, size: int) -> None:
        container = _Container(start, start + _CONTAINER_HEADER + size)
        if self._size is not None and container.end > self._size:
            self._close_damaged(container)
        else:
            self._open = container

    def _take_entry(self, container: _Container, data: bytes, index: int, remaining: int) -> int:
        """The length of the entry whose header is at `index`; 0 when it is none, which ends the container."""
        kind, version, header, payload, minor, major, arch, flags = _ENTRY.unpack_from(data, index)
        fits = _ENTRY_HEADER <= header <= HEADER_LIMIT and header + payload <= remaining
        if version != _ENTRY_VERSION or not fits or len(container.targets) >= ENTRY_LIMIT:
            self._close_damaged(container)
            return 0
        key = (kind, arch, flags & (_SUFFIX_FLAGS | _LTO_FLAG), major, minor)
        target = self._known_targets.get(key)
        if target is None:
            target = _make_target(kind, arch, flags, (major, minor))
            if len(self._known_targets) < ENTRY_LIMIT:
                self._known_targets[key] = target
        container.targets.append(target)
        if target.kind in _RUNS:
            container.bytes_by_arch[arch] = container.bytes_by_arch.get(arch, 0) + payload
        return int(header + payload)

    def _close(self, container: _Container) -> None:
        self._open = None
        if not container.targets:
            self._damaged.append((container.start, False))
            return
        targets = tuple(sorted(container.targets))
        known = self._known_sets.get(targets)
        if known is None:
            if self._kept_targets + len(targets) > TARGET_LIMIT:
                self._unread += 1
                return
            self._kept_targets += len(targets)
            known = self._known_sets[targets] = targets
        if len(self._read) >= CONTAINER_LIMIT:
            self._unread += 1
            return
        self._read.append(_Read(container.start, known, tuple(sorted(container.bytes_by_arch.items()))))

    def _close_damaged(self, container: _Container) -> None:
        """Look for the next container; the magic alone, outside the section made for it, may be anything."""
        self._open = None
        if len(self._damaged) < CONTAINER_LIMIT:
            self._damaged.append((container.start, bool(container.targets)))


def parse_fatbinary(content: bytes) -> DeviceCode:
    """The device code of a `.fatbin` file; raises FormatError where it does not start with a container."""
    if not content.startswith(MAGIC):
        raise FormatError(f"reading a fatbinary: it starts with {content[:8].hex()!r}, expected {MAGIC.hex()!r}")
    scanner = FatbinaryScanner(len(content))
    scanner.feed(memoryview(content))
    return scanner.finish()


def _make_target(kind: int, arch: int, flags: int, version: tuple[int, int]) -> DeviceTarget:
    code_kind = CodeKind.LTO if flags & _LTO_FLAG else _KINDS.get(kind, CodeKind.OTHER)
    return DeviceTarget(
        code_kind,
        arch,
        _SUFFIXES[flags & _SUFFIX_FLAGS],
        version if code_kind is CodeKind.PTX else (0, 0),
    )


def _sum_bytes(members: Sequence[_Read]) -> tuple[tuple[int, int], ...]:
    total: dict[int, int] = {}
    for member in members:
        for arch, size in member.bytes_by_arch:
            total[arch] = total.get(arch, 0) + size
    return tuple(sorted(total.items()))
