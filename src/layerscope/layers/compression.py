"""Compression: a blob's stored bytes to the layer's tar, whatever the media type says.

Formats, told by their first bytes: gzip (RFC 1952, any number of members), zstd (RFC 8878, any number of frames,
skippable ones included), xz (https://tukaani.org/xz/xz-file-format.txt, any number of streams, padding included) and
bzip2 (any number of streams), which Docker and podman unpack as well; anything else is taken as it is.
"""

import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Protocol, cast

from msgspec import Struct

from layerscope.errors import SourceError
from layerscope.layers.limits import KIB, MAX_BZIP2_STREAMS, MAX_FRAMES, MAX_XZ_STREAMS, MIB, LimitPassedError
from layerscope.layers.scan import Compression

GZIP_MAGIC = b"\x1f\x8b"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_SKIPPABLE_MASK = 0xFFFFFFF0
_SKIPPABLE_MAGIC = 0x184D2A50
_SKIPPABLE_SIZE = 4
XZ_MAGIC = b"\xfd7zXZ\0"
_XZ_ALIGNMENT = 4
"""Zeros may follow an xz stream, in multiples of four (section 2.2, "Stream Padding")."""
_BZIP2_HEAD = re.compile(rb"BZh[1-9]")
_BZIP2_STARTS = (b"\x31\x41\x59\x26\x53\x59", b"\x17\x72\x45\x38\x50\x90")
"""What follows the head: the first block, or the end of an empty stream."""
_MAGIC_SIZE = 10
"""Bytes that tell any of them."""
GZIP_WBITS = 31
"""Window bits that make zlib expect a gzip header and check its trailer."""

_LIBRARY_NUMBER = re.compile(r"^Error -?\d+ ")
"""What ISA-L and zlib put before their words."""

OUTPUT = 2 * MIB
"""Bytes of output asked for at a time: a few input bytes may turn into gigabytes."""

SMALLEST_PIECE = 16 * KIB
LARGEST_PIECE = MIB
"""Stored bytes that a decoder is given first, and at most; twice as many each time. eStargz has a member for each file,
and a decoder copies what it was given too much."""

ZSTD_OUTPUT = 512 * KIB
"""The same for zstd, whose binding joins its output from blocks: with more at a time the kernel hands out new pages."""

WORTH_HANDING_ON = 256 * KIB
"""Bytes that are handed on at once where frames are small. eStargz and zstd:chunked have one for each file, and to read
their tar in pieces of a header and a file each took a third longer."""

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
    if head.startswith(XZ_MAGIC):
        return Compression.XZ
    if _is_bzip2(head):
        return Compression.BZIP2
    return Compression.NONE


class Decompressor:
    """Turns stored chunks into tar chunks, and counts frames and what follows the last of them.

    Read `compression`, `frames` and `trailing` after the chunks are exhausted.
    """

    def __init__(self, stored: Iterator[bytes]) -> None:
        """Look at the first bytes of `stored` to know how they are compressed."""
        self._feed = _Feed(stored)
        self.compression = detect_compression(self._feed.peek())
        self.frames = 0
        self.trailing = 0

    def iter_chunks(self) -> Iterator[bytes]:
        """The tar, in chunks; raises CorruptError and TruncatedStreamError."""
        if self.compression is Compression.NONE:
            yield from self._feed.rest()
        else:
            yield from self._iter_frames()

    def _iter_frames(self) -> Iterator[bytes]:
        """What all frames unpack to, small pieces put together; before an error comes all that was sound."""
        waiting: list[bytes] = []
        size = 0
        try:
            for piece in self._iter_pieces():
                is_large = len(piece) >= WORTH_HANDING_ON
                if not is_large:
                    waiting.append(piece)
                    size += len(piece)
                if waiting and (is_large or size >= WORTH_HANDING_ON):
                    yield b"".join(waiting)
                    waiting, size = [], 0
                if is_large:
                    yield piece
        except (CorruptError, TruncatedStreamError, LimitPassedError):
            if waiting:
                yield b"".join(waiting)
            raise
        if waiting:
            yield b"".join(waiting)

    def _iter_pieces(self) -> Iterator[bytes]:
        feed, codec = self._feed, _find_codec(self.compression)
        while head := feed.peek():
            if self.frames and detect_compression(head) is not self.compression:
                break
            yield from _iter_frame(codec, feed)
            self.frames += 1
            if self.frames > codec.most_frames:
                raise LimitPassedError(f"more than {codec.most_frames:,} {codec.name} frames, the limit for one blob")
            if self.compression is Compression.XZ and (zeros := feed.skip_zeros()) % _XZ_ALIGNMENT:
                self.trailing = zeros
                break
        self.trailing += sum(map(len, feed.rest()))


class _Feed:
    """Stored chunks in pieces: small ones for whoever has just begun, since what it does not need is copied back."""

    def __init__(self, stored: Iterator[bytes]) -> None:
        self._stored = stored
        self._chunk = b""
        self._position = 0

    def peek(self) -> bytes:
        """As many bytes as it takes to tell a magic number, if there are so many; they stay."""
        while len(self._chunk) - self._position < _MAGIC_SIZE and (more := next(self._stored, b"")):
            self._chunk = self._chunk[self._position :] + more
            self._position = 0
        return self._chunk[self._position : self._position + _MAGIC_SIZE]

    def take(self, size: int) -> bytes:
        """The next bytes, at most `size`; none at the end."""
        if self._position == len(self._chunk):
            self._chunk, self._position = next(self._stored, b""), 0
        start, self._position = self._position, min(self._position + size, len(self._chunk))
        return self._chunk[start : self._position]

    def give_back(self, size: int) -> None:
        """Take back that many bytes of the last piece."""
        self._position -= size

    def skip_zeros(self) -> int:
        """Pass over zeros; returns how many there were."""
        count, size = 0, _XZ_ALIGNMENT
        while piece := self.take(size):
            rest = piece.lstrip(b"\0")
            count += len(piece) - len(rest)
            if rest:
                self.give_back(len(rest))
                break
            size = min(2 * size, LARGEST_PIECE)
        return count

    def rest(self) -> Iterator[bytes]:
        """All that is left, chunk by chunk."""
        if self._position < len(self._chunk):
            yield self._chunk[self._position :]
        self._chunk, self._position = b"", 0
        yield from self._stored


class _Decoder(Protocol):
    """A decoder of one gzip member, zstd frame, xz or bzip2 stream; `unused_data` is what came beyond it."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    @property
    def needs_input(self) -> bool: ...

    def decompress(self, data: bytes, max_length: int) -> bytes: ...


class _Codec(Struct, frozen=True):
    """How a frame's decoder is made, its errors, how much is asked of it at a time, and how many frames are read."""

    name: str
    open_decoder: Callable[[], _Decoder]
    error: type[Exception] | tuple[type[Exception], ...]
    output: int
    most_frames: int


class _ZlibDecoder:
    """zlib's decoder of one member in the shape of the others, for processors that ISA-L is not built for."""

    def __init__(self) -> None:
        self._inflater = zlib.decompressobj(wbits=GZIP_WBITS)
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return self._inflater.eof

    @property
    def unused_data(self) -> bytes:
        return self._inflater.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        chunk = self._inflater.decompress(self._inflater.unconsumed_tail + data, max_length)
        # a full chunk may leave output inside the decoder although all input was taken
        self.needs_input = len(chunk) < max_length and not self._inflater.unconsumed_tail
        return chunk


def load_codecs() -> None:
    """Import what decompression needs, so that a process forked later imports nothing: locks do not survive a fork."""
    for compression in Compression:
        with suppress(SourceError):
            _find_codec(compression)


def _find_codec(compression: Compression) -> _Codec:
    """The codec for all members, frames or streams of a blob; SourceError where this Python was built without it."""
    if compression is Compression.ZSTD:
        from layerscope.layers.zstd import ZstdError, open_decoder

        return _Codec("zstd", partial(open_decoder, ZSTD_WINDOW_LOG), ZstdError, ZSTD_OUTPUT, MAX_FRAMES)
    try:
        if compression is Compression.XZ:
            from layerscope.layers.xz import LZMAError, XzDecoder

            return _Codec("xz", XzDecoder, LZMAError, OUTPUT, MAX_XZ_STREAMS)
        if compression is Compression.BZIP2:
            from bz2 import BZ2Decompressor

            return _Codec("bzip2", BZ2Decompressor, (OSError, ValueError), OUTPUT, MAX_BZIP2_STREAMS)
    except ImportError as error:
        raise SourceError(f"decompressing {compression}: this Python was built without it") from error
    return _find_gzip()


def _find_gzip() -> _Codec:
    """ISA-L inflates twice as fast as zlib."""
    try:
        from isal import igzip_lib
    except ImportError:
        return _Codec("gzip", _ZlibDecoder, zlib.error, OUTPUT, MAX_FRAMES)
    decoder = partial(igzip_lib.IgzipDecompressor, flag=igzip_lib.DECOMP_GZIP)
    return _Codec("gzip", decoder, cast("type[Exception]", igzip_lib.error), OUTPUT, MAX_FRAMES)


def _iter_frame(codec: _Codec, feed: _Feed) -> Iterator[bytes]:
    """What one frame unpacks to; the feed stands behind it afterwards."""
    size, decoder = SMALLEST_PIECE, codec.open_decoder()
    while True:
        piece = feed.take(size) if decoder.needs_input else b""
        if not piece and decoder.needs_input:
            raise TruncatedStreamError(f"{codec.name}: the stream ends inside a compressed frame")
        size = min(2 * size, LARGEST_PIECE)
        try:
            chunk = decoder.decompress(piece, codec.output)
        except codec.error as cause:
            raise CorruptError(f"{codec.name}: {_LIBRARY_NUMBER.sub('', str(cause))}") from cause
        if chunk:
            yield chunk
        if decoder.eof:
            feed.give_back(len(decoder.unused_data))
            return


def _is_skippable(head: bytes) -> bool:
    magic = int.from_bytes(head[:_SKIPPABLE_SIZE], "little")
    return len(head) >= _SKIPPABLE_SIZE and magic & _SKIPPABLE_MASK == _SKIPPABLE_MAGIC


def _is_bzip2(head: bytes) -> bool:
    """A tar may begin with a name like `BZh9`; what follows tells, as far as it is there."""
    found = _BZIP2_HEAD.match(head)
    return found is not None and any(start.startswith(head[found.end() : _MAGIC_SIZE]) for start in _BZIP2_STARTS)
