"""tar-split records: what an engine kept of a layer's tar so that it can be put together again, byte for byte.

A gzip'ed file of JSON lines in the tar's order: a segment holds the raw bytes between files (headers, padding, the
trailer), a file entry names a file whose bytes lie in the layer's folder.
https://github.com/vbatts/tar-split/blob/v0.12.1/tar/storage/entry.go
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from layerscope.errors import ImageError, LayerDamageError, LimitError
from layerscope.sources.file_range import FileRange
from layerscope.sources.outer_compression import Packing, UnpackedStream
from layerscope.sources.stored_file import HostFile

FILE: Final = 1
SEGMENT: Final = 2
BLOCK_SIZE: Final = 1 << 18
"""Bytes of records decoded at once: some 350 files with their headers."""
MAX_LINE: Final = 64 << 20
"""Bytes of one record. A segment holds the headers of one file, of which Go's archive/tar takes 1 MiB each."""


class Record(msgspec.Struct, gc=False):
    """One line; `payload` is a segment's bytes, and for a file a CRC-64 which the DiffID makes needless."""

    type: int
    name: str = ""
    name_raw: bytes = b""
    size: int = 0
    payload: bytes | None = None

    @property
    def path(self) -> bytes:
        """The file's name as the tar spelt it; a name that is not UTF-8 is kept apart."""
        return self.name_raw or self.name.encode()


@dataclass(frozen=True, slots=True)
class TarSplit:
    """The records of one layer, in a file of this host."""

    file: HostFile

    @classmethod
    def find(cls, path: Path) -> "TarSplit | None":
        """Return the records at `path`, or None where there are none; raises SourceError where they cannot be read."""
        file = HostFile.find(str(path))
        return None if file is None else cls(file)

    def iter_batches(self) -> Iterator[list[Record]]:
        """Yield the records in order, some hundred at a time; raises LayerDamageError where they are damaged."""
        decode = msgspec.json.Decoder(Record).decode_lines
        try:
            for lines in self._iter_lines():
                yield decode(lines)
        except (ImageError, msgspec.MsgspecError) as error:
            raise LayerDamageError(f"reading the tar-split records {self.file.where}: {error}") from error

    def estimate_headers(self) -> int:
        """Return about how many bytes of the tar are in the records: base64 makes four bytes of three, names the rest.

        From the size in the gzip trailer, which is enough for a progress bar.
        """
        if self.file.size < _SMALLEST_GZIP:
            return 0
        range_ = FileRange(self.file.open_descriptor(), self.file.size - 4, 4, where=self.file.where)
        try:
            return int.from_bytes(range_.read(4), "little") * 5 // 8
        finally:
            range_.close()

    def _iter_lines(self) -> Iterator[bytes]:
        """Yield whole lines, about BLOCK_SIZE bytes at a time."""
        packed = FileRange(self.file.open_descriptor(), 0, self.file.size, where=self.file.where)
        stream = UnpackedStream(packed, Packing.GZIP, where=self.file.where)
        rest = b""
        try:
            while block := stream.read(BLOCK_SIZE):
                end = block.rfind(b"\n") + 1
                if end:
                    yield rest + block[:end]
                rest = block[end:] if end else rest + block
                if len(rest) > MAX_LINE:
                    raise LimitError(f"a record of more than {MAX_LINE} bytes, the limit")
        finally:
            stream.close()
        if rest:
            yield rest


_SMALLEST_GZIP = 18
"""A header of ten bytes and a trailer of eight."""
