"""Compression: a blob's stored bytes to the layer's tar, whatever the media type says.

Formats, told by their first bytes: gzip (RFC 1952, any number of members), zstd (RFC 8878, any number of frames,
skippable ones included), anything else is taken as it is.
"""

import zlib
from collections.abc import Iterator
from typing import Protocol, cast

from layerscope.layers.limits import KIB, MAX_FRAMES, MIB, LimitPassedError
from layerscope.layers.scan import Compression

GZIP_MAGIC = b"\x1f\x8b"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_SKIPPABLE_MASK = 0xFFFFFFF0
_SKIPPABLE_MAGIC = 0x184D2A50
_MAGIC_SIZE = 4
GZIP_WBITS = 31
"""Window bits that make zlib expect a gzip header and check its trailer."""

OUTPUT = 2 * MIB
"""Bytes of output asked for at a time: a few input bytes may turn into gigabytes."""

ZSTD_OUTPUT = 512 * KIB
"""The same for zstd, whose binding joins its output from blocks: with more at a time the kernel hands out new pages."""

ZSTD_WINDOW_LOG = 27
"""128 MiB of window, what zstd's own tool accepts without being asked; it bounds a decoder's memory."""


class CorruptError(ValueError):
    """The compressed bytes are not valid."""


class TruncatedStreamError(EOFError):
    """The compressed bytes end inside a member or frame."""


def detect_compression(head: bytes) -> Compression:
    """What the first bytes of a blob say about the rest."""
    if head.startswith(GZIP_MAGIC):
        return Compression.GZIP
    if head.startswith(ZSTD_MAGIC) or _is_skippable(head):
        return Compression.ZSTD
    return Compression.NONE


class Decompressor:
    """Turns stored chunks into tar chunks, and counts frames and what follows the last of them.

    Read `compression`, `frames` and `trailing` after the chunks are exhausted.
    """

    def __init__(self, stored: Iterator[bytes]) -> None:
        """Look at the first bytes of `stored` to know how they are compressed."""
        first = _fill(next(stored, b""), stored)
        self._first = first
        self._stored = stored
        self.compression = detect_compression(first)
        self.frames = 0
        self.trailing = 0

    def iter_chunks(self) -> Iterator[bytes]:
        """The tar, in chunks; raises CorruptError and TruncatedStreamError."""
        if self.compression is Compression.NONE:
            if self._first:
                yield self._first
            yield from self._stored
        else:
            yield from self._iter_frames()

    def _iter_frames(self) -> Iterator[bytes]:
        data = self._first
        while data:
            data = _fill(data, self._stored)
            if self.frames and detect_compression(data) is not self.compression:
                break
            codec = _open_codec(self.compression)
            yield from _iter_frame(codec, data, self._stored)
            self.frames += 1
            if self.frames > MAX_FRAMES:
                raise LimitPassedError(f"more than {MAX_FRAMES:,} {codec.name} frames, the limit for one blob")
            data = codec.rest or next(self._stored, b"")
        while data:
            self.trailing += len(data)
            data = next(self._stored, b"")


class _Codec(Protocol):
    """A decoder of one gzip member or zstd frame; `rest` is what it was fed beyond the end."""

    name: str
    error: type[Exception]

    @property
    def eof(self) -> bool: ...

    @property
    def rest(self) -> bytes: ...

    @property
    def needs_input(self) -> bool: ...

    def decode(self, data: bytes) -> bytes: ...


class _Gzip:
    """ISA-L's decoder of one member, twice as fast as zlib's."""

    name = "gzip"

    def __init__(self) -> None:
        from isal import igzip_lib

        self._decoder = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)
        self.error = cast("type[Exception]", igzip_lib.error)

    @property
    def eof(self) -> bool:
        return self._decoder.eof

    @property
    def rest(self) -> bytes:
        return self._decoder.unused_data

    @property
    def needs_input(self) -> bool:
        return self._decoder.needs_input

    def decode(self, data: bytes) -> bytes:
        return self._decoder.decompress(data, OUTPUT)


class _SlowGzip:
    """zlib's decoder of one member, for processors that ISA-L is not built for."""

    name = "gzip"
    error: type[Exception] = zlib.error

    def __init__(self) -> None:
        self._decoder = zlib.decompressobj(wbits=GZIP_WBITS)
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return self._decoder.eof

    @property
    def rest(self) -> bytes:
        return self._decoder.unused_data

    def decode(self, data: bytes) -> bytes:
        chunk = self._decoder.decompress(self._decoder.unconsumed_tail + data, OUTPUT)
        # a full chunk may leave output inside the decoder although all input was taken
        self.needs_input = len(chunk) < OUTPUT and not self._decoder.unconsumed_tail
        return chunk


class _Zstd:
    """The binding's decoder of one frame."""

    name = "zstd"

    def __init__(self) -> None:
        from layerscope.layers.zstd import ZstdError, open_decoder

        self._decoder = open_decoder(ZSTD_WINDOW_LOG)
        self.error: type[Exception] = ZstdError

    @property
    def eof(self) -> bool:
        return self._decoder.eof

    @property
    def rest(self) -> bytes:
        return self._decoder.unused_data

    @property
    def needs_input(self) -> bool:
        return self._decoder.needs_input

    def decode(self, data: bytes) -> bytes:
        return self._decoder.decompress(data, ZSTD_OUTPUT)


def _open_codec(compression: Compression) -> _Codec:
    """A decoder of the next member or frame."""
    if compression is Compression.ZSTD:
        return _Zstd()
    try:
        return _Gzip()
    except ImportError:
        return _SlowGzip()


def _iter_frame(codec: _Codec, data: bytes, stored: Iterator[bytes]) -> Iterator[bytes]:
    while True:
        try:
            chunk = codec.decode(data)
        except codec.error as cause:
            raise CorruptError(f"{codec.name}: {cause}") from cause
        if chunk:
            yield chunk
        if codec.eof:
            return
        data = next(stored, b"") if codec.needs_input else b""
        if not data and codec.needs_input:
            raise TruncatedStreamError(f"{codec.name}: the stream ends inside a compressed frame")


def _fill(data: bytes, stored: Iterator[bytes]) -> bytes:
    """As many bytes as it takes to tell a magic number, if there are so many."""
    while data and len(data) < _MAGIC_SIZE:
        more = next(stored, b"")
        if not more:
            break
        data += more
    return data


def _is_skippable(head: bytes) -> bool:
    magic = int.from_bytes(head[:_MAGIC_SIZE], "little")
    return len(head) >= _MAGIC_SIZE and magic & _SKIPPABLE_MASK == _SKIPPABLE_MAGIC
