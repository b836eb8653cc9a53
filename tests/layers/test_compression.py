"""Stored bytes become the tar again, whatever their framing."""

import contextlib
import gzip
import random
import sys
import zlib
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerscope.layers import compression
from layerscope.layers.compression import CorruptError, Decompressor, TruncatedStreamError
from layerscope.layers.limits import MAX_BZIP2_STREAMS, MAX_FRAMES, MAX_XZ_STREAMS, LimitPassedError, Limits
from layerscope.layers.scan import Compression
from layerscope.sources import outer_compression
from support.compression import Packing
from support.compression import compress as pack
from support.tar_writer import file, write_tar

CONTENT = random.Random(7).randbytes(40_000) + bytes(200_000)
SKIPPABLE = b"\x5a\x2a\x4d\x18" + (5).to_bytes(4, "little") + b"extra"


def zstd(content: bytes) -> bytes:
    """One zstd frame."""
    return pack(content, Packing.ZSTD)


def xz(content: bytes) -> bytes:
    """One xz stream."""
    return pack(content, Packing.XZ)


def bzip2(content: bytes) -> bytes:
    """One bzip2 stream."""
    return pack(content, Packing.BZIP2)


def cut(content: bytes, size: int) -> Iterator[bytes]:
    """The content in chunks of that size."""
    return (content[start : start + size] for start in range(0, len(content), size))


def decompress(stored: bytes, *, chunk: int = 1000) -> tuple[bytes, Decompressor]:
    """The tar and the decompressor that made it."""
    decompressor = Decompressor(cut(stored, chunk))
    return b"".join(decompressor.iter_chunks()), decompressor


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.binary(max_size=3000), min_size=1, max_size=4),
    st.sampled_from([gzip.compress, zstd, xz, bzip2]),
    st.integers(1, 700),
)
def test_any_number_of_frames_is_one_tar(parts: list[bytes], compress: object, chunk: int) -> None:
    """Members and frames follow one another, cut wherever the source cuts them."""
    assert callable(compress)
    tar, decompressor = decompress(b"".join(compress(part) for part in parts), chunk=chunk)
    assert (tar, decompressor.frames, decompressor.trailing) == (b"".join(parts), len(parts), 0)


def test_plain_bytes_pass_through() -> None:
    """What is packed in no way is taken as it is."""
    tar, decompressor = decompress(CONTENT)
    assert (tar, decompressor.compression) == (CONTENT, Compression.NONE)


def test_a_tar_may_begin_with_a_name_that_bzip2_begins_with() -> None:
    """What follows such a name is no block."""
    tar = write_tar([file("BZh9", b"one")])
    assert decompress(tar)[1].compression is Compression.NONE
    assert decompress(tar)[0] == tar


def test_nothing_is_plain() -> None:
    """An empty blob is an empty tar."""
    assert decompress(b"")[0] == b""


def test_skippable_frames_hold_no_tar() -> None:
    """Frames that carry a table of contents are passed over, first, between and last."""
    stored = SKIPPABLE + zstd(b"one") + SKIPPABLE + zstd(b"two") + SKIPPABLE
    tar, decompressor = decompress(stored, chunk=3)
    assert (tar, decompressor.compression, decompressor.trailing) == (b"onetwo", Compression.ZSTD, 0)


@pytest.mark.parametrize("compress", [gzip.compress, zstd, xz, bzip2])
def test_bytes_behind_the_last_frame_are_counted(compress: object) -> None:
    """What follows and is no frame is trailing, not tar."""
    assert callable(compress)
    tar, decompressor = decompress(compress(CONTENT) + b"garbage")
    assert (tar, decompressor.trailing) == (CONTENT, 7)


@pytest.mark.parametrize("compress", [gzip.compress, zstd, xz, bzip2])
@pytest.mark.parametrize("missing", [1, 5, 100, 20_000])
def test_a_cut_frame_is_truncated(compress: object, missing: int) -> None:
    """A stream that ends inside a frame says so."""
    assert callable(compress)
    with pytest.raises(TruncatedStreamError):
        decompress(compress(CONTENT)[:-missing])


@pytest.mark.parametrize("compress", [gzip.compress, xz, bzip2])
@pytest.mark.parametrize("place", [200, 20_000, -6])
def test_a_flipped_byte_is_corrupt(compress: Callable[[bytes], bytes], place: int) -> None:
    """The checksum of a format, or its structure, shows a changed byte."""
    stored = bytearray(compress(CONTENT))
    stored[place] ^= 0xFF
    with pytest.raises(CorruptError):
        decompress(bytes(stored))


@given(st.data(), st.sampled_from([gzip.compress, zstd, xz, bzip2]))
def test_a_damaged_blob_raises_nothing_else(data: st.DataObject, compress: Callable[[bytes], bytes]) -> None:
    """Damage is called damage, whatever it hits; no flipped byte crashes or hangs."""
    stored = bytearray(compress(b"content " * 300) * 2)
    stored[data.draw(st.integers(0, len(stored) - 1))] ^= data.draw(st.integers(1, 255))
    with contextlib.suppress(CorruptError, TruncatedStreamError, LimitPassedError):
        decompress(bytes(stored[: data.draw(st.integers(0, len(stored)))]))


def test_a_flipped_byte_in_zstd_is_corrupt_or_changes_the_tar() -> None:
    """Zstd without checksums may decode to something else, which the DiffID shows."""
    stored = bytearray(zstd(CONTENT))
    stored[len(stored) // 2] ^= 0xFF
    try:
        tar, _ = decompress(bytes(stored))
    except CorruptError:
        return
    assert tar != CONTENT


def test_windows_above_the_ceiling_are_refused() -> None:
    """A frame that asks for more memory than the ceiling is corrupt to us, as to zstd's own tool."""
    frame = b"\x28\xb5\x2f\xfd" + bytes([0x00, (31 - 10) << 3]) + bytes(16)
    with pytest.raises(CorruptError, match="zstd"):
        decompress(frame)


@pytest.mark.parametrize("decoder", ["isal", "zlib"])
@pytest.mark.parametrize("size", [1, 1000, 1 << 20])
def test_both_decoders_of_gzip_agree(decoder: str, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where ISA-L is not installed the standard library inflates; pieces of any size give the same tar."""
    if decoder == "zlib":
        monkeypatch.setitem(sys.modules, "isal", None)
    monkeypatch.setattr(compression, "OUTPUT", 1 << 14)
    monkeypatch.setattr(compression, "WORTH_HANDING_ON", 1)
    contents = [CONTENT, b"", bytes(3 << 20), b"more", b"z" * (1 << 14), random.Random(8).randbytes(300_000)]
    stored = b"".join(map(gzip.compress, contents))
    decompressor = Decompressor(cut(stored, size))
    chunks = list(decompressor.iter_chunks())
    assert b"".join(chunks) == b"".join(contents)
    assert max(map(len, chunks)) <= compression.OUTPUT
    assert (decompressor.frames, decompressor.trailing) == (len(contents), 0)
    codec = compression._find_codec(Compression.GZIP)
    assert (codec.error is zlib.error) == (decoder == "zlib")


@pytest.mark.parametrize("compress", [gzip.compress, zstd, xz, bzip2], ids=["gzip", "zstd", "xz", "bzip2"])
def test_a_bomb_comes_in_bounded_chunks(compress: Callable[[bytes], bytes]) -> None:
    """A few kilobytes make gigabytes, a chunk at a time."""
    bomb = compress(bytes(64 << 20))
    chunks = [len(chunk) for chunk in Decompressor(iter([bomb])).iter_chunks()]
    assert sum(chunks) == 64 << 20
    assert max(chunks) <= compression.OUTPUT


@pytest.mark.parametrize(
    ("packing", "limit"),
    [
        (Packing.GZIP, "MAX_FRAMES"),
        (Packing.ZSTD, "MAX_FRAMES"),
        (Packing.XZ, "MAX_XZ_STREAMS"),
        (Packing.BZIP2, "MAX_BZIP2_STREAMS"),
    ],
)
def test_frames_have_a_ceiling(packing: Packing, limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A blob of nothing but empty members ends at a limit that is named."""
    monkeypatch.setattr(compression, limit, 50)
    empty = pack(b"", packing)
    assert decompress(empty * 50)
    with pytest.raises(LimitPassedError, match=f"more than 50 {packing} frames, the limit for one blob"):
        decompress(empty * 51)


def test_ceilings_of_streams_are_fit_for_what_writers_make() -> None:
    """The largest layer in streams of 900 kB; and of xz, what is read in seconds."""
    assert Limits().layer_size / 900_000 < MAX_BZIP2_STREAMS < MAX_FRAMES
    assert MAX_XZ_STREAMS * 33e-6 < 5


def test_archives_may_have_as_many_frames_as_layers() -> None:
    """The reader of archives that are compressed as a whole has the same ceilings."""
    assert outer_compression.MAX_FRAMES == {
        outer_compression.Packing.GZIP: MAX_FRAMES,
        outer_compression.Packing.ZSTD: MAX_FRAMES,
        outer_compression.Packing.BZIP2: MAX_BZIP2_STREAMS,
        outer_compression.Packing.XZ: MAX_XZ_STREAMS,
    }


@pytest.mark.parametrize("packing", [Packing.GZIP, Packing.ZSTD, Packing.XZ, Packing.BZIP2])
def test_small_frames_cost_what_they_hold(packing: Packing) -> None:
    """A decoder is given no more than a few times what one of many frames takes (eStargz has one for each file)."""
    given: list[int] = []

    class Watching(compression._Feed):
        def take(self, size: int) -> bytes:
            piece = super().take(size)
            given.append(len(piece))
            return piece

    frames = 300
    stored = pack(random.Random(5).randbytes(1000), packing) * frames
    decompressor = Decompressor(iter([stored]))
    decompressor._feed = Watching(iter([stored]))
    assert sum(map(len, decompressor.iter_chunks())) == 1000 * frames
    assert max(given) <= compression.SMALLEST_PIECE
