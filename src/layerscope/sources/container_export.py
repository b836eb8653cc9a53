"""A container's own files out of the engine's export of all of them: those that the engine says were changed."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from layerscope.engine.container_files import ADDED, DELETED
from layerscope.errors import ImageError, LimitError, SourceError
from layerscope.image.container import ContainerFiles, iter_up
from layerscope.image.layer import ByteStream
from layerscope.sources.layer_spool import FILE, OPAQUE, WHITEOUT, LayerSpool, NewMember
from layerscope.sources.outer_header import (
    BLOCK,
    Member,
    MemberKind,
    Overrides,
    build_member,
    cut_at_nul,
    is_zero_block,
    padded,
    parse_header,
    take_records,
)

MAX_EXTENSION: Final = 1 << 20
"""Bytes of PAX records or a long name before one member, as in Go's archive/tar."""

_PIECE: Final = 1 << 20
_UNREADABLE: Final = re.compile("\ufffd+")
"""What JSON has instead of bytes that are no UTF-8."""


def copy_changed(
    stream: ByteStream, changes: Mapping[str, int] | None, container: ContainerFiles, spool: LayerSpool, *, where: str
) -> None:
    """Write the members of an export that were changed, and a whiteout for each that is gone.

    A file that was changed and is not in the export any more is gone, too. Where no changes are known (None), all
    members are written, each folder of the root over nothing: the kernel asks no root whether it is opaque. Raises
    SourceError and ImageError.
    """
    wanted = {_spell(path): kind for path, kind in (changes or {}).items() if path and container.is_own(path)}
    found: dict[str, bool] = {}
    for name, member, head in _iter_members(stream, where):
        path = _spell(name.decode("utf-8", "replace"))
        is_wanted = container.is_own(path) if changes is None else wanted.get(path, DELETED) != DELETED
        is_wanted = is_wanted and not path.rpartition("/")[2].startswith(WHITEOUT)
        if is_wanted:
            spool.write(head)
            found[path] = member.kind is MemberKind.DIRECTORY
        _pass_content(stream, member, spool if is_wanted else None, where)
        if changes is None and found.get(path) and "/" not in path:
            spool.add(NewMember(name.rstrip(b"/") + b"/" + OPAQUE.encode(), FILE))
    for path, kind in sorted(wanted.items()):
        is_gone = kind == DELETED or (kind != ADDED and path not in found)
        folders = iter_up(path.rpartition("/")[0])
        if is_gone and "\ufffd" not in path and all(found.get(above, True) for above in folders):
            spool.add_whiteout(path)


def _iter_members(stream: ByteStream, where: str) -> Iterator[tuple[bytes, Member, bytes]]:
    """Each member with its name and its headers as they are; whoever takes one reads its content before the next."""
    head, overrides = b"", Overrides()
    while (block := _read(stream, BLOCK, where)) and not is_zero_block(block):
        header = parse_header(block, where=where)
        head += block
        if header.flag in b"xgLK":
            content = _read_extension(stream, header.size, where)
            head += content
            overrides = _merge(overrides, header.flag, content[: header.size], where)
            continue
        name = overrides.long_name or overrides.name or header.name
        yield name, build_member(header, overrides, 0, where=where), head
        head, overrides = b"", Overrides()
    while stream.read(_PIECE):
        pass


def _read_extension(stream: ByteStream, size: int, where: str) -> bytes:
    if size > MAX_EXTENSION:
        raise LimitError(f"reading {where}: {size} bytes of records before a member, limit {MAX_EXTENSION}")
    return _read(stream, padded(size), where)


def _merge(overrides: Overrides, flag: bytes, content: bytes, where: str) -> Overrides:
    """What is known of the next member, with what one more header says of it."""
    match flag:
        case b"L":
            return replace(overrides, long_name=cut_at_nul(content))
        case b"K":
            return replace(overrides, long_link=cut_at_nul(content))
        case b"g":
            return Overrides()
        case _:
            return take_records(overrides, content, where=where)


def _pass_content(stream: ByteStream, member: Member, spool: LayerSpool | None, where: str) -> None:
    left = padded(member.size)
    while left:
        piece = stream.read(min(left, _PIECE))
        if not piece:
            raise SourceError(f"reading {where}: it ends in the middle of /{member.name}")
        left -= len(piece)
        if spool is not None:
            spool.write(piece)


def _read(stream: ByteStream, size: int, where: str) -> bytes:
    """Exactly that many bytes, or none at the end."""
    content = b""
    while len(content) < size and (piece := stream.read(size - len(content))):
        content += piece
    if content and len(content) < size:
        raise ImageError(f"reading {where}: it ends in the middle of a header")
    return content


def _spell(name: str) -> str:
    """A name in one spelling for the export, which has bytes, and the engine's list of changes, which has not."""
    return "/".join(part for part in _UNREADABLE.sub("\ufffd", name).split("/") if part not in {"", "."})
