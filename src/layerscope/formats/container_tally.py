"""ContainerTally: the containers of one object, counted in a few bytes each while their file streams by."""

from array import array
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from layerscope.formats.device_code import CodeKind, ContainerGroup, DeviceTarget

CONTAINER_LIMIT: Final = 1 << 17
"""Containers of one object that are kept; the most that was seen is 29,342, in libcufft 12.2."""

ENTRY_LIMIT: Final = 1 << 12
"""Entries of one container; the most that was seen is below 100."""

TOTAL_LIMIT: Final = 1 << 20
"""Entries of one object that are kept, of eight bytes each; the most that was seen is 29,351."""

DISTINCT_LIMIT: Final = 1 << 14
"""Entries kept over all different containers of an object, and different entries; some 100 are usual."""

_KINDS: Final = {1: CodeKind.PTX, 2: CodeKind.SASS, 8: CodeKind.LTO}
_LTO_FLAG: Final = 0x10000
_SUFFIX_FLAGS: Final = 0x300000
_SUFFIXES: Final = {0: "", 0x100000: "a", 0x200000: "f", 0x300000: "a"}
_RUNS: Final = frozenset({CodeKind.PTX, CodeKind.SASS})

ENTRY_FLAGS: Final = _LTO_FLAG | _SUFFIX_FLAGS
"""The bits of an entry's flags that tell what it is: intermediate code, one architecture alone, one family alone."""

UNKNOWN_ENTRY: Final = -1
"""Stands for entries beyond a ceiling."""

EntryKey = tuple[int, int, int, int, int]
"""Kind, architecture, ENTRY_FLAGS, and the PTX ISA version, as an entry's header has them."""


@dataclass(slots=True)
class Container:
    """A container that is being read: where it starts and ends, and its entries so far, by number and payload."""

    start: int
    end: int
    entries: list[int] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)

    def add(self, entry: int, size: int) -> None:
        """Add an entry; beyond ENTRY_LIMIT, it only makes the container one that no tally keeps."""
        if len(self.entries) < ENTRY_LIMIT:
            self.entries.append(entry)
            self.sizes.append(size)
        else:
            self.entries[-1] = UNKNOWN_ENTRY


class ContainerTally:
    """The containers that were read to their end; their entries are kept as numbers, and so are sets of entries."""

    def __init__(self) -> None:
        """Start with none."""
        self.unread = 0
        self._numbers: dict[EntryKey, int] = {}
        self._sets: dict[tuple[int, ...], int] = {}
        self._distinct = 0
        self._starts = array("Q")
        self._set_numbers = array("I")
        self._sizes = array("Q")

    def number_of(self, key: EntryKey) -> int:
        """The number of what an entry's header says; beyond the ceiling UNKNOWN_ENTRY, so that no container has it."""
        number = self._numbers.get(key)
        if number is None:
            if len(self._numbers) >= DISTINCT_LIMIT:
                return UNKNOWN_ENTRY
            number = self._numbers[key] = len(self._numbers)
        return number

    def add(self, start: int, entries: tuple[int, ...], sizes: Sequence[int]) -> None:
        """Keep a container that starts there, by its entries' numbers and payloads, or count it as unread."""
        number = self._sets.get(entries)
        fits = len(self._starts) < CONTAINER_LIMIT and len(self._sizes) + len(entries) <= TOTAL_LIMIT
        if number is None:
            fits = fits and self._distinct + len(entries) <= DISTINCT_LIMIT and UNKNOWN_ENTRY not in entries
        if not fits:
            self.unread += 1
            return
        if number is None:
            self._distinct += len(entries)
            number = self._sets[entries] = len(self._sets)
        self._starts.append(start)
        self._set_numbers.append(number)
        self._sizes.extend(sizes)

    def group(self, section_at: Callable[[int], str]) -> tuple[ContainerGroup, ...]:
        """The containers by section and targets."""
        targets = [_make_target(key) for key in self._numbers]
        sets = list(self._sets)
        members: dict[tuple[str, int], list[int]] = {}
        position = 0
        for start, number in zip(self._starts, self._set_numbers, strict=True):
            length, member = len(sets[number]), (section_at(start), number)
            if member not in members:
                members[member] = [0] * (1 + length)
            totals = members[member]
            totals[0] += 1
            for entry in range(length):
                totals[1 + entry] += self._sizes[position + entry]
            position += length
        counts: dict[tuple[str, tuple[DeviceTarget, ...]], tuple[int, Counter[int]]] = {}
        for (section, number), (count, *sizes_by_entry) in members.items():
            found = [targets[entry] for entry in sets[number]]
            key = (section, tuple(sorted(found)))
            before, by_arch = counts.setdefault(key, (0, Counter()))
            for target, size in zip(found, sizes_by_entry, strict=True):
                if target.kind in _RUNS:
                    by_arch[target.arch] += size
            counts[key] = (before + count, by_arch)
        return tuple(
            ContainerGroup(found, count, section, tuple(sorted(by_arch.items())))
            for (section, found), (count, by_arch) in sorted(counts.items())
        )


def _make_target(key: EntryKey) -> DeviceTarget:
    kind, arch, flags, major, minor = key
    code_kind = CodeKind.LTO if flags & _LTO_FLAG else _KINDS.get(kind, CodeKind.OTHER)
    isa = (major, minor) if code_kind is CodeKind.PTX else (0, 0)
    return DeviceTarget(code_kind, arch, _SUFFIXES[flags & _SUFFIX_FLAGS], isa)
