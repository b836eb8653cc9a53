"""Libraries in memory: what this process has mapped, by folder, each told once and with its SONAME."""

import struct
from typing import Any, BinaryIO, Callable, Dict, List, Optional, Set, Tuple

from layerscope.probe.payload.host_files import MOST, read_text

MOST_TOLD = 20_000
"""Characters of paths in one record, which holds 48 KiB in all."""

DELETED = " (deleted)"
MOST_SEGMENTS, MOST_ENTRIES, MOST_NAME = 64, 512, 200

PT_LOAD, PT_DYNAMIC, DT_STRTAB, DT_SONAME = 1, 2, 5, 14


class MappedLibraries:
    """Tells what has come since it was asked last."""

    def __init__(self) -> None:
        """Nothing was told yet."""
        self._told: Set[str] = set()

    def describe(self) -> Dict[str, Any]:
        """SONAMEs by folder and file name (empty: none), paths whose file is gone, and how many were left out."""
        folders: Dict[str, Dict[str, str]] = {}
        deleted: List[str] = []
        left_out, length = 0, 0
        for path in list_libraries(read_text("/proc/self/maps", 16 * MOST)):
            if path in self._told:
                continue
            length += len(path)
            if length > MOST_TOLD:
                left_out += 1
                continue
            self._told.add(path)
            if path.endswith(DELETED):
                deleted.append(path[: -len(DELETED)])
                continue
            folder, _, name = path.rpartition("/")
            folders.setdefault(folder, {})[name] = read_soname(path) or ""
        return {"folders": folders, "deleted": deleted, "left_out": left_out}


def list_libraries(maps: str) -> List[str]:
    """The paths of shared objects in a text like /proc/self/maps, each once; memory without a file is none."""
    found: Dict[str, None] = {}
    for line in maps.splitlines():
        _, slash, rest = line.partition("/")
        path = slash + rest
        if ".so" in path.rpartition("/")[2] and not path.startswith(("/memfd:", "/SYSV", "/dev/")):
            found[path] = None
    return list(found)


def read_soname(path: str) -> Optional[str]:
    """The SONAME of an ELF object of 64 bits; None where it has none, or cannot be read."""
    try:
        with open(path, "rb") as stream:
            return _read_soname(stream)
    except (OSError, struct.error, ValueError):
        return None


def _read_soname(stream: BinaryIO) -> Optional[str]:
    head = stream.read(64)
    if head[:5] != b"\x7fELF\x02":
        return None
    order = "<" if head[5] == 1 else ">"
    start, size, count = struct.unpack(order + "Q", head[32:40])[0], *struct.unpack(order + "2H", head[54:58])
    segments: List[Tuple[int, int, int, int]] = []
    for number in range(min(count, MOST_SEGMENTS)):
        stream.seek(start + number * size)
        kind, _, offset, address, _, length = struct.unpack(order + "2I4Q", stream.read(40))
        segments.append((kind, offset, address, length))
    dynamic = next((each for each in segments if each[0] == PT_DYNAMIC), None)
    if dynamic is None:
        return None
    stream.seek(dynamic[1])
    rows = stream.read(16 * min(MOST_ENTRIES, dynamic[3] // 16))
    entries = dict(struct.iter_unpack(order + "2Q", rows[: len(rows) // 16 * 16]))
    if DT_SONAME not in entries or DT_STRTAB not in entries:
        return None
    table = entries[DT_STRTAB]
    for kind, offset, address, length in segments:
        if kind == PT_LOAD and address <= table < address + length:
            stream.seek(offset + table - address + entries[DT_SONAME])
            return stream.read(MOST_NAME).partition(b"\0")[0].decode("utf-8", "replace")
    return None


MAPPED = MappedLibraries()
"""Of this process."""


def with_mapped(work: Callable[[], Tuple[str, Dict[str, Any]]]) -> Callable[[], Tuple[str, Dict[str, Any]]]:
    """The work of a stage, which also tells what libraries came by it."""

    def follow() -> Tuple[str, Dict[str, Any]]:
        detail, values = work()
        return detail, dict(values, mapped=MAPPED.describe())

    return follow
