"""Streams read once, from front to back."""

import io

import pytest

from layerscope.errors import SourceError
from layerscope.sources.forward import ForwardReader, MemberStream
from support.archives import drain
from support.memory_layer import BrokenStream


class Trickle(io.BytesIO):
    """A stream that gives a few bytes at a time, as a slow pipe does."""

    def read(self, size: int | None = -1, /) -> bytes:
        """Read up to seven bytes."""
        return super().read(min(7, size if size is not None and size >= 0 else 7))


def test_what_lies_between_is_skipped() -> None:
    """Offsets rise, and the reader knows where it stands."""
    reader = ForwardReader(io.BytesIO(bytes(range(100))))
    assert reader.read_at(10, 2) == bytes([10, 11])
    assert reader.read_at(50, 1) == bytes([50])
    assert reader.position == 51


def test_pieces_are_joined() -> None:
    """A pipe gives what it has, and the reader asks again."""
    assert ForwardReader(Trickle(b"x" * 100)).read_at(20, 60) == b"x" * 60


def test_end_gives_fewer_bytes_and_the_length() -> None:
    """Whoever asked for more sees that it is not there."""
    reader = ForwardReader(Trickle(b"x" * 30))
    assert reader.read_at(20, 60) == b"x" * 10
    assert reader.read_at(90, 1) == b""
    assert reader.length == 30


def test_nothing_asked_is_nothing_read() -> None:
    """A read of no bytes does not reach the stream, where it might mean all."""
    assert ForwardReader(io.BytesIO(b"abc")).read_at(1, 0) == b""


def test_failure_is_not_forgotten() -> None:
    """A layer's reader may keep a failure to itself; the archive's reader meets it again."""
    reader = ForwardReader(BrokenStream(b"x" * 100, 50))
    reader.read(60)
    for _ in range(2):
        with pytest.raises(SourceError, match="disk failed"):
            reader.read(1)


def test_member_is_its_head_and_the_rest() -> None:
    """The bytes that were looked at come first."""
    reader = ForwardReader(Trickle(b"0123456789 after"))
    head = reader.read_at(0, 4)
    assert drain(MemberStream(reader, head, 10), 3) == b"0123456789"
    assert reader.read_at(10, 6) == b" after"


def test_member_that_is_left_can_be_skipped() -> None:
    """A layer that nobody reads to its end does not disturb what follows."""
    reader = ForwardReader(io.BytesIO(b"0123456789 after"))
    member = MemberStream(reader, reader.read_at(0, 2), 10)
    assert member.read(1) == b"0"
    member.close()
    assert member.read(5) == b""
    assert reader.read_at(11, 5) == b"after"


def test_member_that_is_cut_ends_early() -> None:
    """The layer pass names the damage."""
    reader = ForwardReader(io.BytesIO(b"01234"))
    assert drain(MemberStream(reader, b"", 10)) == b"01234"
