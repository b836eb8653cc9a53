"""The cache of ldconfig, `/etc/ld.so.cache`: which file the loader takes for a name, without looking into directories.

Layouts are those of glibc's sysdeps/generic/dl-cache.h: the format of glibc 2.2 and later, alone or behind the table of
the format before it, with the extension of glibc 2.33 that names the `glibc-hwcaps` subdirectories.
"""

import struct
from typing import Final

from msgspec import Struct

from layerscope.errors import FormatError

OLD_MAGIC: Final = b"ld.so-1.7.0"
MAGIC: Final = b"glibc-ld.so.cache1.1"

ENTRIES_LIMIT: Final = 200_000
"""Entries of one cache; a desktop has 3,000, the largest CUDA images under 2,000."""

SECTIONS_LIMIT: Final = 64
"""Sections of the extension directory; glibc writes two."""

TEXT_LIMIT: Final = 4096
"""Bytes of a name or path: PATH_MAX."""

REPEATS_LIMIT: Final = 8
"""How often the texts of all entries may hold the file's bytes: names lie inside paths, so once or twice is usual."""

_OLD_HEADER: Final = struct.Struct("<11sxI")
_OLD_ENTRY_SIZE: Final = 12
_HEADER: Final = struct.Struct("<20sIIB3xI12x")
_ENTRY: Final = struct.Struct("<iIIIQ")
_EXTENSION: Final = struct.Struct("<II")
_EXTENSION_MAGIC: Final = 0xEAA42174
_SECTION: Final = struct.Struct("<IIII")
_HWCAPS_TAG: Final = 1
_ALIGNMENT: Final = 8

_NAMED_HWCAP: Final = 1 << 62
_INDEX_MASK: Final = 0xFFFFFFFF


class CacheEntry(Struct, frozen=True):
    """One library: the name it is asked for by, its path, and what sort it is.

    `flags` tell class and machine (0x0303 is x86-64, 0x0A03 AArch64). `hwcaps` names the `glibc-hwcaps` subdirectory it
    lies in; `has_legacy_hwcaps` marks entries of the subdirectories before those, which loaders since glibc 2.37 skip.
    """

    name: str
    path: str
    flags: int
    hwcaps: str = ""
    has_legacy_hwcaps: bool = False


def parse_ld_cache(content: bytes) -> tuple[CacheEntry, ...]:
    """The entries in the file's order, which is the order of preference among equal names; raises FormatError."""
    start = _find_start(content)
    data = memoryview(content)[start:]
    if len(data) < _HEADER.size:
        raise FormatError(f"reading ld.so.cache: it ends inside the header, after {len(content)} bytes")
    _, count, _, _, extension = _HEADER.unpack_from(data)
    if count > ENTRIES_LIMIT:
        raise FormatError(f"reading ld.so.cache: {count:,} entries, limit {ENTRIES_LIMIT:,}")
    if _HEADER.size + count * _ENTRY.size > len(data):
        raise FormatError(f"reading ld.so.cache: {count:,} entries do not fit into {len(content):,} bytes")
    hwcaps = _read_hwcaps(data, extension)
    texts, entries, budget = bytes(data), [], len(content) * REPEATS_LIMIT
    for flags, key, value, _, mask in _ENTRY.iter_unpack(data[_HEADER.size : _HEADER.size + count * _ENTRY.size]):
        is_named = bool(mask & _NAMED_HWCAP)
        if is_named and (mask & _INDEX_MASK) >= len(hwcaps):
            raise FormatError("reading ld.so.cache: an entry names a hwcaps subdirectory that the file does not list")
        name, path = _read_text(texts, key), _read_text(texts, value)
        budget -= len(name) + len(path)
        if budget < 0:
            raise FormatError("reading ld.so.cache: its entries repeat the same texts over and over")
        subdirectory = hwcaps[mask & _INDEX_MASK] if is_named else ""
        entries.append(CacheEntry(name, path, flags, subdirectory, bool(mask) and not is_named))
    return tuple(entries)


def _find_start(content: bytes) -> int:
    """Where the table in the newer format begins."""
    if content.startswith(MAGIC):
        return 0
    if not content.startswith(OLD_MAGIC) or len(content) < _OLD_HEADER.size:
        raise FormatError("reading ld.so.cache: it begins neither with glibc-ld.so.cache1.1 nor with ld.so-1.7.0")
    count: int = _OLD_HEADER.unpack_from(content)[1]
    end = _OLD_HEADER.size + count * _OLD_ENTRY_SIZE
    start = -(-end // _ALIGNMENT) * _ALIGNMENT
    if content[start : start + len(MAGIC)] != MAGIC:
        raise FormatError(
            "reading ld.so.cache: only a table in the format of glibc 2.1, which no loader of today reads"
        )
    return start


def _read_hwcaps(data: memoryview, extension: int) -> tuple[str, ...]:
    """The names of the hwcaps subdirectories, none where the cache has no extension."""
    if not extension:
        return ()
    if extension + _EXTENSION.size > len(data):
        raise FormatError("reading ld.so.cache: its extension lies beyond the end")
    magic, count = _EXTENSION.unpack_from(data, extension)
    if magic != _EXTENSION_MAGIC:
        return ()
    if count > SECTIONS_LIMIT or extension + _EXTENSION.size + count * _SECTION.size > len(data):
        raise FormatError(f"reading ld.so.cache: {count} extension sections, limit {SECTIONS_LIMIT}, or beyond the end")
    texts = bytes(data)
    for number in range(count):
        tag, _, offset, size = _SECTION.unpack_from(data, extension + _EXTENSION.size + number * _SECTION.size)
        if tag != _HWCAPS_TAG:
            continue
        if offset + size > len(data) or size > SECTIONS_LIMIT * 4:
            raise FormatError("reading ld.so.cache: the hwcaps section lies beyond the end or is too long")
        return tuple(_read_text(texts, at) for (at,) in struct.iter_unpack("<I", data[offset : offset + size // 4 * 4]))
    return ()


def _read_text(data: bytes, offset: int) -> str:
    """The zero-terminated text at an offset."""
    end = data.find(b"\0", offset, offset + TEXT_LIMIT)
    if end < 0:
        raise FormatError(f"reading ld.so.cache: the text at {offset} has no end within {TEXT_LIMIT} bytes")
    return data[offset:end].decode("utf-8", "surrogateescape")
