"""A layer's tar put together from its tar-split records and the files in its folder, as it was when it came.

Nothing is trusted: a file that is missing or of another size ends the stream with an error, and the DiffID of what was
put together proves the rest.
"""

import os
from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

from layerscope.errors import ImageError, LayerDamageError
from layerscope.sources.diff_directory import DiffDirectory
from layerscope.sources.outer_header import BLOCK, Overrides, padded, parse_header, take_records
from layerscope.sources.read_ahead import ReadAhead
from layerscope.sources.tar_split import FILE, SEGMENT, Record, TarSplit

PIECE: Final = 1 << 18
"""Small files and headers are joined to chunks of this size; a file of this size is read alone."""
LARGE_READ: Final = 1 << 20
"""Bytes read at once from a large file."""

_PLAIN_HEADER = 1023
"""Bytes of the padding before a header and the header itself; only a longer segment holds an extended header."""
_SPARSE_RECORD = b"GNU.sparse."
"""How the extended header of a sparse file starts its records:
https://www.gnu.org/software/tar/manual/html_node/PAX-0.html."""


class TarSplitStream:
    """The tar of one layer, read once from front to back."""

    def __init__(self, records: TarSplit, folder: Path, *, what: str) -> None:
        """Prepare to read; `what` names the layer in errors. Nothing is opened before the first byte is asked for."""
        self._what = what
        self._folder = folder
        self._ahead = ReadAhead(folder)
        self._chunks = self._iter_folder(records)
        self._chunk = b""
        self._position = 0

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes, and no bytes only at the end; raises LayerDamageError."""
        if self._position == len(self._chunk):
            chunk = next(self._chunks, b"")
            if len(chunk) <= size:
                return chunk
            self._chunk, self._position = chunk, 0
        start, self._position = self._position, min(self._position + size, len(self._chunk))
        return self._chunk[start : self._position]

    def close(self) -> None:
        """Close every file and folder that is open."""
        self._chunks.close()
        self._ahead.close()

    def _iter_folder(self, records: TarSplit) -> Generator[bytes, None, None]:
        """Yield the tar in pieces, none empty, and close the folder after them."""
        try:
            directory = DiffDirectory(self._folder)
        except OSError as error:
            task = f"reading {self._what}: opening its folder {self._folder}"
            raise LayerDamageError(f"{task}: {error.strerror}") from error
        with closing(directory):
            yield from self._iter_chunks(records, directory)

    def _iter_chunks(self, records: TarSplit, directory: DiffDirectory) -> Iterator[bytes]:
        pieces: list[bytes] = []
        pending = 0
        header = b""
        for batch in self._ahead.follow(records.iter_batches()):
            for record in batch:
                if record.type == SEGMENT:
                    header = record.payload or b""
                    pieces.append(header)
                    pending += len(header)
                elif record.size > 0 or record.type != FILE:
                    self._check_file(record, header)
                    if record.size < PIECE:
                        pieces.append(self._read_small(record, directory))
                        pending += record.size
                    else:
                        if pending:
                            yield b"".join(pieces)
                        pieces, pending = [], 0
                        yield from self._iter_large(record, directory)
                if pending >= PIECE:
                    yield b"".join(pieces)
                    pieces, pending = [], 0
        if pending:
            yield b"".join(pieces)

    def _check_file(self, record: Record, header: bytes) -> None:
        """Raise LayerDamageError for what is no file, and for one whose bytes the engine did not keep as they came.

        Engines record a sparse file in its expanded size, and can put its layer together no more than we can.
        """
        if record.type != FILE:
            raise LayerDamageError(f"reading {self._what}: a tar-split record of type {record.type}, expected 1 or 2")
        if len(header) > _PLAIN_HEADER and _SPARSE_RECORD in header and _starts_sparse_file(header):
            raise LayerDamageError(
                f"reading {self._what}: {record.path!r} came as a sparse file, of which the engine kept the expanded "
                "bytes only; the layer cannot be put together, its own save fails too"
            )

    def _read_small(self, record: Record, directory: DiffDirectory) -> bytes:
        """Return a file's bytes, read at once."""
        descriptor = self._open(record, directory)
        try:
            content = os.read(descriptor, record.size + 1)
        except OSError as error:
            raise self._damage(record, error.strerror) from error
        finally:
            os.close(descriptor)
        if len(content) != record.size:
            raise self._damage(record, f"{record.size} bytes expected, {self._count(len(content), record)} there")
        return content

    def _iter_large(self, record: Record, directory: DiffDirectory) -> Iterator[bytes]:
        """Yield a file's bytes."""
        descriptor = self._open(record, directory)
        missing = record.size
        try:
            while chunk := os.read(descriptor, min(LARGE_READ, missing + 1)):
                missing -= len(chunk)
                if missing < 0:
                    break
                yield chunk
        except OSError as error:
            raise self._damage(record, error.strerror) from error
        finally:
            os.close(descriptor)
        if missing:
            there = self._count(record.size - missing, record)
            raise self._damage(record, f"{record.size} bytes expected, {there} there")

    def _open(self, record: Record, directory: DiffDirectory) -> int:
        try:
            return directory.open(record.path)
        except FileNotFoundError as error:
            raise self._damage(record, "it is missing in the layer's folder") from error
        except (OSError, ValueError) as error:
            raise self._damage(record, str(error)) from error

    def _count(self, there: int, record: Record) -> str:
        return "more" if there > record.size else str(there)

    def _damage(self, record: Record, reason: str | None) -> LayerDamageError:
        return LayerDamageError(f"reading {self._what}: file {record.path!r}: {reason}")


def _starts_sparse_file(segment: bytes) -> bool:
    """Whether the headers at the end of a segment are those of a sparse file; the padding of the file before may lead.

    False for headers that do not parse: the DiffID tells what is wrong with them.
    """
    overrides, place = Overrides(), len(segment) % BLOCK
    try:
        while place < len(segment):
            header, start = parse_header(segment[place : place + BLOCK], where="a header"), place + BLOCK
            if header.flag not in b"xgLK":
                return overrides.is_sparse
            if header.flag == b"x":
                overrides = take_records(overrides, segment[start : start + header.size], where="a header")
            elif header.flag == b"g":
                overrides = Overrides()
            place = start + padded(header.size)
    except ImageError:
        return False
    return overrides.is_sparse
