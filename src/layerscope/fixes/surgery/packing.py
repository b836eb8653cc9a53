"""Packing: a layer's tar to the bytes of a blob. The same tar gives the same blob, however many threads pack it."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import IO, Final, cast

from layerscope.layers.limits import MIB
from layerscope.layers.scan import Compression
from layerscope.layers.stages import Chunk

GZIP_LEVEL: Final = 3
"""ISA-L's best: within half a percent of zlib's level 6 on CUDA libraries, at six times its speed."""

ZLIB_LEVEL: Final = 6
"""Where ISA-L is not built for the processor."""

ZSTD_LEVEL: Final = 3
"""zstd's default."""

WORKERS: Final = 2
"""Threads that compress. Their number changes no byte: blocks are cut by size."""

ZSTD_WORKERS: Final = 3
"""zstd's take a job only when they are asked to: with one more than there are processors, none of those waits."""

ZSTD_JOB: Final = 4 * MIB
"""Bytes of a job. zstd's own choice is twice as much: blobs are 0.4 % smaller then, and buffers twice as large."""

_BLOCK: Final = MIB

Write = Callable[[Chunk], int]


class Packer(ABC):
    """Takes a tar piece by piece and hands the blob on to `write`; an implementer packs."""

    def __init__(self, write: Write) -> None:
        """Nothing is written yet."""
        self._write = write

    @abstractmethod
    def feed(self, piece: Chunk) -> None:
        """Pack the next piece."""

    def finish(self) -> None:  # noqa: B027 - most hold nothing back
        """Write what is still held back."""

    def close(self) -> None:  # noqa: B027 - most have nothing to end
        """End what packs, finished or not; more than once does no harm."""


class _PlainPacker(Packer):
    """The tar as it is."""

    def feed(self, piece: Chunk) -> None:
        self._write(piece)


class _ZstdPacker(Packer):
    """One zstd frame."""

    def __init__(self, write: Write) -> None:
        from layerscope.layers.zstd import open_encoder

        super().__init__(write)
        self._encoder = open_encoder(ZSTD_LEVEL, workers=ZSTD_WORKERS, job_size=ZSTD_JOB)

    def feed(self, piece: Chunk) -> None:
        self._pass_on(self._encoder.compress(piece))

    def finish(self) -> None:
        self._pass_on(self._encoder.flush())

    def _pass_on(self, packed: bytes) -> None:
        if packed:
            self._write(packed)


class _WriteOnly:
    """A file to ISA-L's writer, which asks for no more than this."""

    def __init__(self, write: Write) -> None:
        self.write = write

    def flush(self) -> None:
        """Nothing waits here."""

    def close(self) -> None:
        """Whoever opened what lies behind closes it."""


class _GzipPacker(Packer):
    """One gzip member, deflated block by block as pigz does it: what is written at once is what a block holds."""

    def __init__(self, write: Write) -> None:
        super().__init__(write)
        self._waiting = bytearray()
        self._file = _open_gzip(write)

    def feed(self, piece: Chunk) -> None:
        view = memoryview(piece)
        while view:
            taken = view[: _BLOCK - len(self._waiting)]
            view = view[len(taken) :]
            if len(taken) == _BLOCK:
                self._file.write(taken)
                continue
            self._waiting += taken
            if len(self._waiting) == _BLOCK:
                self._write_waiting()

    def finish(self) -> None:
        self._write_waiting()
        self._file.close()

    def _write_waiting(self) -> None:
        self._file.write(bytes(self._waiting))
        self._waiting.clear()

    def close(self) -> None:
        self._file.close()


class _ZlibFile:
    """zlib in the shape of a file."""

    def __init__(self, write: Write) -> None:
        import zlib

        self._write = write
        self._deflater = zlib.compressobj(ZLIB_LEVEL, wbits=zlib.MAX_WBITS | 16)
        self._is_closed = False

    def write(self, piece: Chunk) -> int:
        self._write(self._deflater.compress(piece))
        return len(piece)

    def close(self) -> None:
        if not self._is_closed:
            self._is_closed = True
            self._write(self._deflater.flush())


def _open_gzip(write: Write) -> IO[bytes]:
    try:
        from isal import igzip_threaded
    except ImportError:
        return cast("IO[bytes]", _ZlibFile(write))
    open_file = cast("Callable[..., IO[bytes]]", igzip_threaded.open)
    return open_file(_WriteOnly(write), "wb", compresslevel=GZIP_LEVEL, threads=WORKERS, block_size=_BLOCK)


_PACKERS: Final[dict[Compression, type[Packer]]] = {
    Compression.NONE: _PlainPacker,
    Compression.GZIP: _GzipPacker,
    Compression.ZSTD: _ZstdPacker,
}


def open_packer(compression: Compression, write: Write) -> Packer:
    """What packs in that way."""
    return _PACKERS[compression](write)
