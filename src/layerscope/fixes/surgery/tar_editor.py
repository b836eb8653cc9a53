"""A layer's tar with some members left out and some under other attributes, in one pass and constant memory."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from layerscope.filesystem.node import IMPLIED_MODE
from layerscope.fixes.surgery.cuts import Attributes, LayerCuts
from layerscope.fixes.surgery.new_header import give_attributes, give_name, give_target
from layerscope.fixes.surgery.new_members import iter_directory, iter_file
from layerscope.fixes.surgery.raw_members import RawMember, read_member
from layerscope.fixes.surgery.times import clamp_head, clamp_headers
from layerscope.layers.block_reader import BlockReader
from layerscope.layers.index import LayerIndex
from layerscope.layers.limits import KIB
from layerscope.layers.stages import Chunk
from layerscope.layers.tar_header import BLOCK, HeaderError
from layerscope.layers.toc.document import TABLE_NAME

TRAILER: Final = bytes(2 * BLOCK)
"""How a tar ends."""

_WORTH_HANDING_ON: Final = 512 * KIB
"""Bytes that are handed on at once: what reads on has its cost for each piece."""


def edit_tar(chunks: Iterator[bytes], index: LayerIndex, cuts: LayerCuts) -> Iterator[Chunk]:
    """The new tar, in pieces that are to be used before the next is asked for.

    `index` is that of the same bytes, by which members are known. An eStargz table of contents, which would be wrong
    now, is left out. Raises HeaderError, TruncatedError and what the chunks raise.
    """
    return _join(_TarEditor(BlockReader(chunks), index, cuts).iter_pieces())


def edit_members(chunks: Iterator[bytes], index: LayerIndex, cuts: LayerCuts) -> Iterator[Chunk]:
    """The members alone, for a tar to which more belongs: without its end, and without headers for the whole of it."""
    return _join(_TarEditor(BlockReader(chunks), index, cuts, is_part=True).iter_members())


class _TarEditor:
    """Walks through the members and looks for the next one that is meant."""

    def __init__(self, reader: BlockReader, index: LayerIndex, cuts: LayerCuts, *, is_part: bool = False) -> None:
        self._reader = reader
        self._cuts = cuts
        self._paths, self._is_part = index.paths, is_part
        self._meant = sorted(((index.offsets[position], position) for position in cuts.positions), reverse=True)

    def iter_pieces(self) -> Iterator[Chunk]:
        yield from self.iter_members()
        yield TRAILER

    def iter_members(self) -> Iterator[Chunk]:
        reader = self._reader
        for path, mtime_ns in sorted(self._cuts.named.items()):
            yield from iter_directory(path, Attributes(IMPLIED_MODE, 0, 0, mtime_ns), self._cuts.latest)
        while (member := read_member(reader)) is not None:
            member = replace(member, front=b"") if self._is_part and member.front else member
            size = member.size
            position = self._find(reader.offset, size)
            replaced = None if position is None else self._cuts.replaced.get(position)
            if position in self._cuts.dropped or replaced is not None or member.name == TABLE_NAME:
                reader.skip(size)
                reader.skip_padding(size)
                yield member.front if self._cuts.latest is None else clamp_headers(member.front, self._cuts.latest)
                if replaced is not None:
                    assert position is not None, "what is replaced has a position"
                    yield from iter_file(self._paths[position], replaced, self._cuts.latest)
                continue
            yield self._render(member, position)
            if size:
                yield from reader.iter_body(size)
                reader.skip_padding(size)
                yield bytes(-size % BLOCK)
        if self._meant:
            raise HeaderError(f"an end of the archive before {len(self._meant):,} of its entries, which changed")

    def _find(self, start: int, size: int) -> int | None:
        """The position of the member whose content starts here, if it is meant; a sparse map may come before that."""
        if not self._meant or not start <= self._meant[-1][0] < start + max(size, 1):
            return None
        return self._meant.pop()[1]

    def _render(self, member: RawMember, position: int | None) -> bytes:
        cuts = self._cuts
        if position is None:
            return self._clamp(member)
        if position in cuts.given:
            member = give_attributes(member, cuts.given[position])
        if position in cuts.names:
            member = give_name(member, cuts.names[position])
        if position in cuts.targets:
            member = give_target(member, cuts.targets[position])
        return self._clamp(member)

    def _clamp(self, member: RawMember) -> bytes:
        return member.head if self._cuts.latest is None else clamp_head(member, self._cuts.latest)


def _join(pieces: Iterator[Chunk]) -> Iterator[Chunk]:
    """Small pieces put together, large ones as they come."""
    waiting: list[Chunk] = []
    size = 0
    for piece in pieces:
        if len(piece) >= _WORTH_HANDING_ON:
            if waiting:
                yield b"".join(waiting)
                waiting, size = [], 0
            yield piece
            continue
        waiting.append(piece)
        size += len(piece)
        if size >= _WORTH_HANDING_ON:
            yield b"".join(waiting)
            waiting, size = [], 0
    if waiting:
        yield b"".join(waiting)
