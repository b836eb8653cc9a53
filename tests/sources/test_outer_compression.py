"""Archives compressed as a whole."""

import contextlib
import gzip
import io
import sys
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerscope.errors import ImageError, LimitError
from layerscope.sources import outer_compression
from layerscope.sources.outer_compression import Packing, UnpackedStream, find_packing
from support import compression
from support.archives import drain
from support.compression import compress

TEXT = b"".join(b"line %d\n" % number for number in range(60_000))
READABLE = [packing for packing in compression.Packing if packing is not compression.Packing.NONE]


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


@pytest.mark.parametrize("packing", [compression.Packing.GZIP, compression.Packing.ZSTD])
def test_bytes_after_the_last_member_are_left(packing: compression.Packing) -> None:
    """Tools pad compressed archives with zeros."""
    assert unpack(compress(TEXT, packing) + bytes(1000)) == TEXT


@pytest.mark.parametrize("packing", [compression.Packing.GZIP, compression.Packing.ZSTD])
def test_cut_stream_is_an_error(packing: compression.Packing) -> None:
    """An end that is missing is never taken for an end."""
    with pytest.raises(ImageError, match=f"x.tar.gz: its {packing} data ends after"):
        unpack(compress(TEXT, packing)[:-20])


def test_wrong_checksum_is_an_error() -> None:
    """A gzip member proves its content, and that is believed."""
    packed = bytearray(gzip.compress(TEXT))
    packed[-6] ^= 1
    with pytest.raises(ImageError, match="gzip data is damaged after"):
        unpack(bytes(packed))


@given(st.data(), st.sampled_from([compression.Packing.GZIP, compression.Packing.ZSTD]))
def test_damage_is_an_image_error_or_harmless(data: st.DataObject, packing: compression.Packing) -> None:
    """No flipped byte crashes or hangs."""
    packed = bytearray(compress(b"content " * 300, packing))
    packed[data.draw(st.integers(4, len(packed) - 1))] ^= data.draw(st.integers(1, 255))
    with contextlib.suppress(ImageError):
        unpack(bytes(packed))


def test_bomb_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """What unfolds without end meets a named limit."""
    monkeypatch.setattr(outer_compression, "MAX_ARCHIVE_SIZE", 1 << 20)
    with pytest.raises(LimitError, match="more than 1048576 decompressed bytes"):
        unpack(gzip.compress(bytes(8 << 20)))


def test_pieces_stay_small() -> None:
    """A few bytes never unfold to more than was asked for."""
    stream = UnpackedStream(io.BytesIO(gzip.compress(bytes(64 << 20))), Packing.GZIP, where="x")
    assert len(stream.read(1 << 30)) <= 1 << 20


def test_close_closes_the_packed_stream() -> None:
    """Nothing stays open."""
    packed = io.BytesIO(zlib.compress(b""))
    UnpackedStream(packed, Packing.GZIP, where="x").close()
    assert packed.closed
