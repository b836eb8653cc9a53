"""The parts of a tar: of every byte it is told which member it belongs to, so that none is left uncompared."""

import hashlib
from typing import Final

from layerscope.diff.contents.archive_parts import MEMBERS_LIMIT, ArchiveParts
from layerscope.layers.entry import EntryType
from layerscope.layers.extractor_set import ExtractorSet
from layerscope.layers.index import LayerIndex
from layerscope.layers.limits import Limits
from layerscope.layers.pax import parse_records
from layerscope.layers.tar_header import BLOCK, read_size
from layerscope.layers.tar_scanner import TarScanner

_LIMITS: Final = Limits(layer_entries=MEMBERS_LIMIT, sparse_holes=0)
"""Holes are not looked at: the stored bytes and the map of a sparse file say the same, and a claim costs nothing."""

_TYPE: Final = 156
_RECORDS: Final = frozenset(b"xg")
_LONG_NAMES: Final = frozenset(b"LK")
_GLOBAL: Final = ord("g")
_TIMES: Final = frozenset({b"mtime", b"atime", b"ctime", b"LIBARCHIVE.creationtime"})
_TIME_AND_CHECKSUM: Final = slice(136, 156)
_FREE: Final = frozenset({EntryType.FILE, EntryType.DIRECTORY})


def read_tar_parts(content: bytes) -> ArchiveParts | None:
    """The parts of a tar; None for one that does not read to its end."""
    scanner = TarScanner(iter((content,)), ExtractorSet(()), _LIMITS)
    if scanner.run() is not None:
        return None
    index = scanner.index()
    members: dict[str, tuple[bytes, ...]] = {}
    order = []
    place, has_globals = 0, False
    for position in range(len(index)):
        start = index.offsets[position]
        stop = start + _find_stored(index, position)
        stop += -stop % BLOCK
        head, is_global = _drop_times(content[place:start])
        name = _find_name(index, position)
        digest = hashlib.sha256(len(head).to_bytes(8, "big") + head + content[start:stop]).digest()
        members[name] = (*members.get(name, ()), digest)
        order.append(name)
        place, has_globals = stop, has_globals or is_global
    is_free = not has_globals and len(members) == len(order) and all(kind in _FREE for kind in index.types)
    rest = hashlib.sha256(content[place:].rstrip(b"\0")).digest()
    return ArchiveParts(members, tuple(order), rest, is_free)


def _find_stored(index: LayerIndex, position: int) -> int:
    """Bytes of a member's content that the tar holds."""
    if index.types[position] != EntryType.FILE:
        return 0
    sparse = index.sparse.get(position)
    return index.sizes[position] if sparse is None else sum(sparse[1::2])


def _find_name(index: LayerIndex, position: int) -> str:
    """The member's name; outside of a layer a whiteout is a file like others."""
    path = index.paths[position]
    folder, slash, base = path.rpartition("/")
    match index.types[position]:
        case EntryType.WHITEOUT:
            return f"{folder}{slash}.wh.{base}"
        case EntryType.OPAQUE:
            return f"{path}/.wh..wh..opq"
        case _:
            return path


def _drop_times(head: bytes) -> tuple[bytes, bool]:
    """What stands before a member's content without its times, and whether a global header is in it.

    Of the header of an extended header nothing but its type counts: no reader looks at more. What follows the member's
    own header, the map of a sparse file for one, stays as it is.
    """
    kept, place, has_globals = [], 0, False
    while place + BLOCK <= len(head):
        header, start = head[place : place + BLOCK], place + BLOCK
        kind = header[_TYPE]
        if kind not in _RECORDS and kind not in _LONG_NAMES:
            kept += [header[: _TIME_AND_CHECKSUM.start], header[_TIME_AND_CHECKSUM.stop :], head[start:]]
            return b"".join(kept), has_globals
        size = read_size(header)
        body = head[start : start + size]
        kept.append(_drop_time_records(kind, body) if kind in _RECORDS else bytes([kind]) + body)
        place = start + size + -size % BLOCK
        has_globals = has_globals or kind == _GLOBAL
    return b"".join([*kept, head[place:]]), has_globals


def _drop_time_records(kind: int, body: bytes) -> bytes:
    try:
        records = [record for record in parse_records(body) if record[0] not in _TIMES]
    except ValueError:
        return bytes([kind]) + body
    return repr((kind, records)).encode() if records else b""
