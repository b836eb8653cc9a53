"""Archives that are compressed as a whole: told by their first bytes, decompressed as they are read."""

import sys
import zlib
from enum import Enum
from importlib.util import find_spec
from typing import Final, Protocol, cast

from layerscope.errors import ImageError, LimitError
from layerscope.image.layer import ByteStream

MAX_ARCHIVE_SIZE: Final = 1 << 40
"""Bytes that a compressed archive may unfold to: 1 TiB, where a decompression bomb is given up."""

MAX_XZ_MEMORY: Final = 130 << 20
"""Bytes that a decoder of xz may take: a dictionary of 128 MiB, as large as zstd's window, and its state."""

_INPUT_CHUNK: Final = 256 << 10
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
        self._packed = packed
        self._packing = packing
        self._where = where
        self._frame: _Frame | None = _open_frame(packing)
        self._waiting = b""
        self._size = 0

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes, and no bytes only at the end; raises ImageError where the bytes are damaged."""
        while self._frame is not None:
            if self._frame.eof:
                self._start_frame(self._frame.unused_data)
                continue
            chunk = self._unpack(self._frame, min(size, _OUTPUT_CHUNK))
            if chunk:
                return chunk
        return b""

    def close(self) -> None:
        """Close the compressed stream."""
        self._packed.close()

    def _start_frame(self, head: bytes) -> None:
        if self._packing is Packing.XZ:
            head = self._skip_padding(head)
        while len(head) < len(self._packing.value) and (more := self._packed.read(_INPUT_CHUNK)):
            head += more
        self._frame = _open_frame(self._packing) if find_packing(head) is self._packing else None
        self._waiting = head

    def _skip_padding(self, head: bytes) -> bytes:
        """What comes after the zeros between two xz streams; after others than belong there, something that is none."""
        zeros = 0
        while True:
            rest = head.lstrip(b"\0")
            zeros += len(head) - len(rest)
            if rest or not (head := self._packed.read(_INPUT_CHUNK)):
                return b"\0" + rest if zeros % _XZ_ALIGNMENT else rest

    def _unpack(self, frame: "_Frame", size: int) -> bytes:
        data, self._waiting = self._waiting, b""
        if not data and frame.needs_input:
            data = self._packed.read(_INPUT_CHUNK)
            if not data:
                raise ImageError(
                    f"reading {self._where}: its {self._packing} data ends after {self._size} decompressed bytes, "
                    "inside the archive"
                )
        try:
            chunk = frame.decompress(data, size)
        except frame.failures as error:
            if str(error) == _MEMORY_PASSED:
                raise LimitError(
                    f"reading {self._where}: its {self._packing} data has a dictionary that takes more than "
                    f"{MAX_XZ_MEMORY >> 20} MiB of memory, the limit; decompress it into a pipe, as "
                    "`xz -dc FILE | layerscope … -`"
                ) from error
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
