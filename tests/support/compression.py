"""Compresses layers the ways that image tools do, the same bytes for the same input."""

import bz2
import gzip
import lzma
import sys
from enum import StrEnum
from typing import Final

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PIECE: Final = 100_000
"""Bytes of content in a gzip member, zstd frame or stream where there are to be several."""

XZ_PADDING: Final = bytes(8)
"""What may follow an xz stream, in multiples of four bytes."""

SKIPPABLE_FRAME: Final = b"\x50\x2a\x4d\x18" + (7).to_bytes(4, "little") + b"skipped"


class Packing(StrEnum):
    """How a layer is stored."""

    NONE = "none"
    GZIP = "gzip"
    ZSTD = "zstd"
    GZIP_MEMBERS = "gzip-members"
    """Several gzip members, as pigz with independent blocks and eStargz write them."""
    ZSTD_FRAMES = "zstd-frames"
    """Several zstd frames with a skippable one between, as zstd:chunked writes them."""
    XZ = "xz"
    XZ_STREAMS = "xz-streams"
    """Several xz streams, each padded with zeros, as `cat` of padded files makes them."""
    BZIP2 = "bzip2"
    BZIP2_STREAMS = "bzip2-streams"
    """Several bzip2 streams, as pbzip2 writes them."""

    @property
    def is_standard(self) -> bool:
        """Whether OCI has a media type for it."""
        return self.suffix not in ("xz", "bzip2")

    @property
    def suffix(self) -> str:
        """What a media type says of it after the plus sign."""
        return self.partition("-")[0]


def compress(content: bytes, packing: Packing) -> bytes:
    """The content, packed."""
    pieces = [content[start : start + PIECE] for start in range(0, len(content), PIECE)] or [b""]
    match packing:
        case Packing.NONE:
            return content
        case Packing.GZIP:
            return gzip.compress(content, 6, mtime=0)
        case Packing.GZIP_MEMBERS:
            return b"".join(gzip.compress(piece, 6, mtime=0) for piece in pieces)
        case Packing.ZSTD:
            return zstd.compress(content, 3)
        case Packing.ZSTD_FRAMES:
            return SKIPPABLE_FRAME.join(zstd.compress(piece, 3) for piece in pieces)
        case Packing.XZ:
            return lzma.compress(content)
        case Packing.XZ_STREAMS:
            return b"".join(lzma.compress(piece) + XZ_PADDING for piece in pieces)
        case Packing.BZIP2:
            return bz2.compress(content)
        case Packing.BZIP2_STREAMS:
            return b"".join(map(bz2.compress, pieces))
