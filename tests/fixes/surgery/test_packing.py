"""Packed layers: the same bytes each time, unpacked by others to what went in, and no thread left behind."""

import gzip
import io
import random
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from layerscope.fixes.surgery import packing
from layerscope.fixes.surgery.packing import open_packer
from layerscope.layers.scan import Compression
from layerscope.layers.stages import Chunk

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

CONTENT = b"".join(b"%d\n" % number for number in range(300_000)) + random.Random(1).randbytes(1 << 20)


class FullError(OSError):
    """The disk has no place left."""


@pytest.fixture(params=[True, False], ids=["isa-l", "zlib"])
def _deflater(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """With ISA-L where there is one, and without it."""
    if not request.param:
        monkeypatch.setattr(packing, "_open_gzip", packing._ZlibFile)


def split(*sizes: int) -> Iterator[bytes]:
    """The content in pieces of these sizes, over and over."""
    start = number = 0
    while start < len(CONTENT):
        size = sizes[number % len(sizes)]
        yield CONTENT[start : start + size]
        start, number = start + size, number + 1


def pack(compression: Compression, *sizes: int) -> bytes:
    """The blob."""
    blob = io.BytesIO()
    packer = open_packer(compression, blob.write)
    for piece in split(*sizes):
        packer.feed(piece)
    packer.finish()
    packer.close()
    return blob.getvalue()


def unpack(blob: bytes, compression: Compression) -> bytes:
    """What Python's own modules make of a blob."""
    match compression:
        case Compression.GZIP:
            return gzip.decompress(blob)
        case Compression.ZSTD:
            return zstd.decompress(blob)
        case _:
            return blob


@pytest.mark.usefixtures("_deflater")
@pytest.mark.parametrize("compression", [each for each in Compression if each.is_standard])
def test_others_unpack_what_was_packed(compression: Compression) -> None:
    """To the same bytes."""
    blob = pack(compression, 100_000)
    assert unpack(blob, compression) == CONTENT
    assert len(blob) < len(CONTENT) or compression is Compression.NONE


@pytest.mark.usefixtures("_deflater")
@pytest.mark.parametrize("compression", [each for each in Compression if each.is_standard])
def test_the_same_tar_gives_the_same_blob(compression: Compression) -> None:
    """However its pieces are cut, so that a registry has it already when it is made again."""
    assert pack(compression, 100_000) == pack(compression, 1 << 20, 7, 65_537)


@pytest.mark.parametrize("compression", [each for each in Compression if each.is_standard])
def test_nothing_packed_is_a_blob_too(compression: Compression) -> None:
    """A whole frame or member of no bytes."""
    blob = io.BytesIO()
    packer = open_packer(compression, blob.write)
    packer.finish()
    assert unpack(blob.getvalue(), compression) == b""


@pytest.mark.parametrize("compression", [Compression.GZIP, Compression.ZSTD])
def test_a_blob_can_be_checked_by_whoever_unpacks_it(compression: Compression) -> None:
    """A changed byte in the middle is noticed."""
    blob = bytearray(pack(compression, 1 << 20))
    blob[-2000] ^= 1
    with pytest.raises((OSError, EOFError, ValueError, zstd.ZstdError)):
        unpack(bytes(blob), compression)


@pytest.mark.usefixtures("_deflater")
@pytest.mark.parametrize("compression", [each for each in Compression if each.is_standard])
def test_a_broken_off_packer_leaves_no_thread(compression: Compression) -> None:
    """Closed in the middle, and closed again."""
    before = set(threading.enumerate())
    packer = open_packer(compression, io.BytesIO().write)
    packer.feed(CONTENT[: 3 << 20])
    packer.close()
    packer.close()
    assert set(threading.enumerate()) <= before


@pytest.mark.usefixtures("_deflater")
@pytest.mark.parametrize("compression", [each for each in Compression if each.is_standard])
def test_a_full_disk_is_told_and_leaves_no_thread(compression: Compression) -> None:
    """Wherever the error arises, it reaches whoever packs."""
    before, left = set(threading.enumerate()), [1000]

    def write(piece: Chunk) -> int:
        left[0] -= len(piece)
        if left[0] < 0:
            raise FullError(28, "No space left on device")
        return len(piece)

    with pytest.raises(FullError):
        pack_to(write, compression)
    assert set(threading.enumerate()) <= before


def pack_to(write: Callable[[Chunk], int], compression: Compression) -> None:
    """Pack the content, and end what packs whatever happens."""
    with closing(open_packer(compression, write)) as packer:
        for piece in split(1 << 20):
            packer.feed(piece)
        packer.finish()
