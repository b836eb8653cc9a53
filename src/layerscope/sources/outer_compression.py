"""Archives that are compressed as a whole: told by their first bytes, decompressed as they are read."""

import sys
import zlib
from enum import Enum
from importlib.util import find_spec
from typing import Final, NoReturn, Protocol, cast

from layerscope.errors import ImageError, LimitError
from layerscope.image.layer import ByteStream
from layerscope.sources.packed_bytes import PackedBytes

MAX_ARCHIVE_SIZE: Final = 1 << 40
"""Bytes that a compressed archive may unfold to: 1 TiB, where a decompression bomb is given up."""

MAX_XZ_MEMORY: Final = 130 << 20
"""Bytes that a decoder of xz may take: a dictionary of 128 MiB, as large as zstd's window, and its state."""

_OUTPUT_CHUNK: Final = 1 << 20
_GZIP_WINDOW: Final = 31  # the largest window, with a gzip header: https://zlib.net/manual.html inflateInit2

_XZ_ALIGNMENT: Final = 4  # zeros may follow an xz stream, in multiples of four: its format's section 2.2
_MEMORY_PASSED: Final = "Memory usage limit exceeded"  # what lzma calls LZMA_MEMLIMIT_ERROR, which has no class

_SKIPPABLE_FRAME: Final = b"\x2a\x4d\x18"  # RFC 8878, 3.1.2: the end of 0x184D2A50 to 0x184D2A5F, which zstd skips


class Packing(Enum):
    """How a file is compressed as a whole; the value is what its first bytes are."""

    GZIP = b"\x1f\x8b"
    ZSTD = b"\x28\xb5\x2f\xfd"
    BZIP2 = b"BZh"
    XZ = b"\xfd7zXZ\0"

    @property
    def is_readable(self) -> bool:
        """Whether this Python decompresses it: the standard library may have been built without xz or bzip2."""
        module = {Packing.XZ: "_lzma", Packing.BZIP2: "_bz2"}.get(self)
        return module is None or find_spec(module) is not None

    def __str__(self) -> str:
        return self.name.lower()


MAX_FRAMES: Final = {
    Packing.GZIP: 20_000_000,
    Packing.ZSTD: 20_000_000,
    Packing.BZIP2: 3_000_000,
    Packing.XZ: 100_000,
}
"""Members, frames or streams of one archive, as many as of a layer: an empty one takes a few bytes and yields nothing,
so that no other ceiling is met. bgzip writes one for each 64 KiB, pbzip2 for each 900 kB."""


def find_packing(head: bytes) -> Packing | None:
    """Return how a file that starts with `head` is compressed, or None where it is not."""
    if head[1:4] == _SKIPPABLE_FRAME and head[0] & 0xF0 == 0x50:  # noqa: PLR2004  # as the specification numbers them
        return Packing.ZSTD
    return next((packing for packing in Packing if head.startswith(packing.value)), None)


class UnpackedStream:
    """The decompressed bytes of a stream of gzip members, zstd frames, xz or bzip2 streams, a bounded piece at a time.

    Bytes after the last one that start no other are left alone: tools pad archives with zeros.
    """

    def __init__(self, packed: ByteStream, packing: Packing, *, where: str) -> None:
        """Decompress `packed`, of which nothing was read yet; `where` names it in errors."""
        self._stream = packed
        self._packed = PackedBytes(packed)
        self._packing = packing
        self._where = where
        self._frame: _Frame | None = _open_frame(packing)
        self._frames = 1
        self._size = 0

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes, and no bytes only at the end; raises ImageError where the bytes are damaged."""
        while self._frame is not None:
            if self._frame.eof:
                self._packed.give_back(len(self._frame.unused_data))
                self._frame = self._start_frame()
                continue
            chunk = self._unpack(self._frame, min(size, _OUTPUT_CHUNK))
            if chunk:
                return chunk
        return b""

    def close(self) -> None:
        """Close the compressed stream."""
        self._stream.close()

    def _start_frame(self) -> "_Frame | None":
        """The frame that follows, if one does; raises LimitError where there were too many."""
        if self._packing is Packing.XZ and self._packed.skip_zeros() % _XZ_ALIGNMENT:
            return None
        if find_packing(self._packed.peek(len(self._packing.value))) is not self._packing:
            return None
        self._frames += 1
        if self._frames > MAX_FRAMES[self._packing]:
            self._pass_limit(f"more than {MAX_FRAMES[self._packing]:,} {self._packing} frames, the limit")
        return _open_frame(self._packing)

    def _pass_limit(self, what: str, cause: Exception | None = None) -> NoReturn:
        raise LimitError(
            f"reading {self._where}: {what}; decompress it into a pipe, as `{self._packing} -dc FILE | layerscope … -`"
        ) from cause

    def _unpack(self, frame: "_Frame", size: int) -> bytes:
        data = self._packed.take() if frame.needs_input else b""
        if not data and frame.needs_input:
            raise ImageError(
                f"reading {self._where}: its {self._packing} data ends after {self._size} decompressed bytes, "
                "inside the archive"
            )
        try:
            chunk = frame.decompress(data, size)
        except frame.failures as error:
            if str(error) == _MEMORY_PASSED:
                most = f"{MAX_XZ_MEMORY >> 20} MiB"
                what = f"its {self._packing} data has a dictionary that takes more than {most} of memory, the limit"
                self._pass_limit(what, error)
            raise ImageError(
                f"reading {self._where}: its {self._packing} data is damaged after {self._size} decompressed bytes: "
                f"{error}"
            ) from error
        self._size += len(chunk)
        if self._size > MAX_ARCHIVE_SIZE:
            raise LimitError(f"reading {self._where}: more than {MAX_ARCHIVE_SIZE} decompressed bytes, the limit")
        return chunk


class _Frame(Protocol):
    """One gzip member, zstd frame, xz or bzip2 stream being decompressed."""

    @property
    def failures(self) -> tuple[type[Exception], ...]: ...

    @property
    def eof(self) -> bool: ...

    @property
    def needs_input(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, size: int, /) -> bytes: ...


class _Inflater(Protocol):
    """What zlib and isal make alike."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    @property
    def unconsumed_tail(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


class _GzipMember:
    """One gzip member, inflated by isal where it is installed: two and a half times as fast as zlib."""

    def __init__(self) -> None:
        self._inflater, failure = _open_inflater()
        self.failures: tuple[type[Exception], ...] = (failure,)
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return self._inflater.eof

    @property
    def unused_data(self) -> bytes:
        return self._inflater.unused_data

    def decompress(self, data: bytes, size: int, /) -> bytes:
        chunk = self._inflater.decompress(self._inflater.unconsumed_tail + data, size)
        # A full chunk may leave output inside the inflater although all input was taken.
        self.needs_input = len(chunk) < size and not self._inflater.unconsumed_tail
        return chunk


class _Decoder(Protocol):
    """What zstd, lzma and bz2 make alike."""

    @property
    def eof(self) -> bool: ...

    @property
    def needs_input(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int) -> bytes: ...


class _DecodedFrame:
    """One zstd frame, xz or bzip2 stream."""

    def __init__(self, decoder: _Decoder, *failures: type[Exception]) -> None:
        self._decoder = decoder
        self.failures = failures

    @property
    def eof(self) -> bool:
        return self._decoder.eof

    @property
    def needs_input(self) -> bool:
        return self._decoder.needs_input

    @property
    def unused_data(self) -> bytes:
        return self._decoder.unused_data

    def decompress(self, data: bytes, size: int, /) -> bytes:
        return self._decoder.decompress(data, size)


def _open_frame(packing: Packing) -> _Frame:
    match packing:
        case Packing.GZIP:
            return _GzipMember()
        case Packing.ZSTD:
            return _open_zstd()
        case Packing.XZ:
            import lzma

            return _DecodedFrame(lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MAX_XZ_MEMORY), lzma.LZMAError)
        case Packing.BZIP2:
            import bz2

            return _DecodedFrame(bz2.BZ2Decompressor(), OSError, ValueError)


def _open_zstd() -> _Frame:
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd
    return _DecodedFrame(zstd.ZstdDecompressor(), zstd.ZstdError)


def _open_inflater() -> tuple[_Inflater, type[Exception]]:
    try:
        from isal import isal_zlib
    except ImportError:
        return zlib.decompressobj(_GZIP_WINDOW), zlib.error
    return cast("_Inflater", isal_zlib.decompressobj(_GZIP_WINDOW)), cast("type[Exception]", isal_zlib.error)
