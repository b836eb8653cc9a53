"""Archives compressed as a whole."""

import contextlib
import gzip
import io
import lzma
import sys
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerscope.errors import ImageError, LimitError, UsageError
from layerscope.sources import outer_compression
from layerscope.sources.outer_compression import Packing, UnpackedStream, find_packing
from layerscope.sources.unpacked import check_packing
from support import compression
from support.archives import drain
from support.compression import compress

TEXT = b"".join(b"line %d\n" % number for number in range(60_000))
READABLE = [packing for packing in compression.Packing if packing is not compression.Packing.NONE]

SINGLE = [compression.Packing.GZIP, compression.Packing.ZSTD, compression.Packing.XZ, compression.Packing.BZIP2]


def unpack(packed: bytes, piece: int = 4096) -> bytes:
    """What a packed stream holds."""
    packing = find_packing(packed)
    assert packing is not None
    return drain(UnpackedStream(io.BytesIO(packed), packing, where="x.tar.gz"), piece)


@pytest.mark.parametrize("packing", READABLE)
def test_content_comes_back(packing: compression.Packing) -> None:
    """One or several gzip members and zstd frames, skippable ones between."""
    assert unpack(compress(TEXT, packing)) == TEXT


@pytest.mark.parametrize("packing", READABLE)
@given(content=st.binary(max_size=3000), piece=st.integers(1, 700))
def test_any_content_in_any_pieces(packing: compression.Packing, content: bytes, piece: int) -> None:
    """However little is asked for at a time."""
    assert unpack(compress(content, packing), piece) == content


def test_zlib_serves_where_isal_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fast library is an extra."""
    monkeypatch.setitem(sys.modules, "isal", None)
    assert unpack(gzip.compress(TEXT)) == TEXT


def test_skippable_frame_first_is_zstd() -> None:
    """As zstd:chunked and seekable zstd may begin."""
    packed = compression.SKIPPABLE_FRAME + compress(TEXT, compression.Packing.ZSTD)
    assert unpack(packed) == TEXT


@pytest.mark.parametrize(
    ("head", "packing"),
    [
        (b"\x1f\x8b\x08", Packing.GZIP),
        (b"\x28\xb5\x2f\xfd", Packing.ZSTD),
        (b"BZh9", Packing.BZIP2),
        (b"\xfd7zXZ\0", Packing.XZ),
        (b"plain", None),
        (b"", None),
        (b"\x50", None),
    ],
)
def test_first_bytes_tell_the_compression(head: bytes, packing: Packing | None) -> None:
    """Names of files may lie."""
    assert find_packing(head) is packing


@pytest.mark.parametrize("packing", SINGLE)
def test_bytes_after_the_last_member_are_left(packing: compression.Packing) -> None:
    """Tools pad compressed archives with zeros."""
    assert unpack(compress(TEXT, packing) + bytes(1000)) == TEXT


@pytest.mark.parametrize("packing", SINGLE)
def test_cut_stream_is_an_error(packing: compression.Packing) -> None:
    """An end that is missing is never taken for an end."""
    with pytest.raises(ImageError, match=f"x.tar.gz: its {packing} data ends after"):
        unpack(compress(TEXT, packing)[:-20])


@pytest.mark.parametrize("packing", [compression.Packing.GZIP, compression.Packing.XZ, compression.Packing.BZIP2])
def test_wrong_checksum_is_an_error(packing: compression.Packing) -> None:
    """A member or stream proves its content, and that is believed."""
    packed = bytearray(compress(TEXT, packing))
    packed[-6] ^= 1
    with pytest.raises(ImageError, match=f"{packing} data is damaged after"):
        unpack(bytes(packed))


@given(st.data(), st.sampled_from(SINGLE))
def test_damage_is_an_image_error_or_harmless(data: st.DataObject, packing: compression.Packing) -> None:
    """No flipped byte crashes or hangs."""
    packed = bytearray(compress(b"content " * 300, packing))
    packed[data.draw(st.integers(len(Packing[packing.name].value), len(packed) - 1))] ^= data.draw(st.integers(1, 255))
    with contextlib.suppress(ImageError):
        unpack(bytes(packed))


def test_bomb_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """What unfolds without end meets a named limit."""
    monkeypatch.setattr(outer_compression, "MAX_ARCHIVE_SIZE", 1 << 20)
    with pytest.raises(LimitError, match="more than 1048576 decompressed bytes"):
        unpack(gzip.compress(bytes(8 << 20)))


@pytest.mark.parametrize("packing", SINGLE)
def test_pieces_stay_small(packing: compression.Packing) -> None:
    """A few bytes never unfold to more than was asked for."""
    packed = compress(bytes(64 << 20), packing)
    stream = UnpackedStream(io.BytesIO(packed), Packing[packing.name], where="x")
    assert len(stream.read(1 << 30)) <= 1 << 20


def test_zeros_that_are_no_padding_end_the_streams_of_xz() -> None:
    """What follows them is left alone, as after any last member."""
    stream = compress(TEXT, compression.Packing.XZ)
    assert unpack(stream + bytes(4) + stream + bytes(1 << 20) + stream) == 3 * TEXT
    assert unpack(stream + bytes(3) + stream) == TEXT
    assert unpack(stream + bytes(3)) == TEXT


def test_a_dictionary_above_the_limit_is_refused() -> None:
    """With the way around it; `xz` asks for no more than half unless it is told to."""
    filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 192 << 20, "mode": lzma.MODE_FAST, "mf": lzma.MF_HC3}]
    with pytest.raises(LimitError, match=r"more than 130 MiB of memory, the limit; .* `xz -dc FILE"):
        unpack(lzma.compress(TEXT, filters=filters))


def test_a_python_without_xz_or_bzip2_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the way around it."""
    monkeypatch.setattr(outer_compression, "find_spec", lambda _: None)
    for packing in (Packing.XZ, Packing.BZIP2):
        with pytest.raises(
            UsageError, match=rf"with {packing}, which this Python was built without; .* `{packing} -dc"
        ):
            check_packing(packing, where="image.tar")
    check_packing(Packing.GZIP, where="image.tar")


def test_close_closes_the_packed_stream() -> None:
    """Nothing stays open."""
    packed = io.BytesIO(zlib.compress(b""))
    UnpackedStream(packed, Packing.GZIP, where="x").close()
    assert packed.closed


@pytest.mark.parametrize("packing", SINGLE)
def test_frames_have_a_ceiling(packing: compression.Packing, monkeypatch: pytest.MonkeyPatch) -> None:
    """An archive of nothing but empty frames, which meet no other ceiling, ends at one that is named."""
    packed = compress(b"", packing)
    found = find_packing(packed)
    assert found is not None
    monkeypatch.setitem(outer_compression.MAX_FRAMES, found, 50)
    assert unpack(packed * 50) == b""
    expected = (
        rf"reading x\.tar\.gz: more than 50 {packing} frames, the limit; decompress it .* `{packing} -dc FILE \| "
    )
    with pytest.raises(LimitError, match=expected):
        unpack(packed * 51)


@pytest.mark.parametrize("packing", SINGLE)
def test_many_small_frames_are_read_however_the_stream_is_cut(packing: compression.Packing) -> None:
    """Frames lie across the pieces that a pipe hands over, and behind them may be zeros."""
    packed = b"".join(compress(b"%d," % number, packing) for number in range(700))
    expected = b"".join(b"%d," % number for number in range(700))
    for most in (1, 7, 1000):
        stream = UnpackedStream(Dripping(packed + bytes(8), most), find_packing(packed[:6]) or Packing.GZIP, where="x")
        assert drain(stream, 4096) == expected


class Dripping(io.BytesIO):
    """A pipe that never holds more than so many bytes."""

    def __init__(self, content: bytes, most: int) -> None:
        """Hold `content`."""
        super().__init__(content)
        self._most = most

    def read(self, size: int | None = -1, /) -> bytes:
        """Return what is there, up to `size` bytes."""
        return super().read(min(self._most, self._most if size is None or size < 0 else size))
