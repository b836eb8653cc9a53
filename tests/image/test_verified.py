"""VerifiedReader: nothing but the promised bytes reaches the end."""

import io

import pytest

from layerscope.errors import DigestMismatchError
from layerscope.image.digest import Digest
from layerscope.image.verified import VerifiedReader

CONTENT = bytes(range(256)) * 40


def read_all(stored: bytes, *, promised: bytes = CONTENT, size: int | None = len(CONTENT), step: int = 999) -> bytes:
    """All bytes of a stream that promises `promised`."""
    reader = VerifiedReader(io.BytesIO(stored), digest=Digest.of(promised), size=size, what="layer 3")
    return b"".join(iter(lambda: reader.read(step), b""))


@pytest.mark.parametrize("step", [1, 999, len(CONTENT), 10**6])
def test_the_promised_bytes_pass(step: int) -> None:
    """However they are read, good bytes arrive whole."""
    assert read_all(CONTENT, step=step) == CONTENT


def test_the_size_need_not_be_known() -> None:
    """The digest alone proves the bytes."""
    assert read_all(CONTENT, size=None) == CONTENT


def test_nothing_can_be_promised() -> None:
    """The empty content has a digest, too."""
    assert read_all(b"", promised=b"", size=0) == b""


def test_a_flipped_bit_raises_at_the_end() -> None:
    """The message names the content and both digests."""
    flipped = CONTENT[:-1] + bytes([CONTENT[-1] ^ 1])
    expected = f"reading layer 3: its digest is {Digest.of(flipped)}, expected {Digest.of(CONTENT)}"
    with pytest.raises(DigestMismatchError, match=expected):
        read_all(flipped)


def test_missing_bytes_raise_at_the_end() -> None:
    """A truncated stream is told by its size."""
    with pytest.raises(DigestMismatchError, match=f"ends after 5 bytes, its descriptor promises {len(CONTENT)}"):
        read_all(CONTENT[:5])


def test_surplus_bytes_raise_before_they_are_handed_on() -> None:
    """An endless stream is cut at the promised size."""
    reader = VerifiedReader(io.BytesIO(CONTENT * 2), digest=Digest.of(CONTENT), size=len(CONTENT), what="layer 3")
    reader.read(len(CONTENT))
    with pytest.raises(DigestMismatchError, match=f"more than the {len(CONTENT)} bytes"):
        reader.read(1)


def test_reading_nothing_is_not_the_end() -> None:
    """A read of size zero proves nothing and breaks nothing."""
    reader = VerifiedReader(io.BytesIO(CONTENT), digest=Digest.of(CONTENT), size=None, what="x")
    assert reader.read(0) == b""
    assert reader.read(-1) == CONTENT


def test_other_algorithms_are_verified() -> None:
    """The digest's own algorithm is used."""
    digest = Digest.parse(
        "sha512:ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
        "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
    )
    reader = VerifiedReader(io.BytesIO(b"abc"), digest=digest, size=3, what="x")
    assert (reader.read(9), reader.read(9)) == (b"abc", b"")


def test_closing_closes_the_stream() -> None:
    """What was opened for the reader is released with it."""
    stream = io.BytesIO(CONTENT)
    VerifiedReader(stream, digest=Digest.of(CONTENT), size=None, what="x").close()
    assert stream.closed
