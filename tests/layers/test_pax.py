"""PAX records are taken and refused as Go's archive/tar does it."""

import pytest

from layerscope.layers.pax import NANOSECONDS, merge_records, parse_count, parse_records, parse_seconds
from support.tar_pax import render_records


@pytest.mark.parametrize(
    ("content", "record"),
    [
        (b"12 path=a=b\n", (b"path", b"a=b")),
        (b"+12 path=ab\n", (b"path", b"ab")),
        (b"0" * 30 + b"37 a=b\n", (b"a", b"b")),
        (b"8 a=\0\0\0\n", (b"a", b"\0\0\0")),
        (b"5 a=\n", (b"a", b"")),
    ],
)
def test_records_are_taken(content: bytes, record: tuple[bytes, bytes]) -> None:
    """Lengths with a sign or zeros before them, values with signs of equality and zero bytes."""
    assert parse_records(content) == [record]


@pytest.mark.parametrize(
    "content",
    [
        b"12 path=ab\n",
        b"-12 path=ab\n",
        b"path=ab\n",
        b"9 =value\n",
        b"4 a\n",
        b"12 path=a\0b\n",
        b"8 a\0b=c\n",
        b"99999999999999999999 a=b\n",
        render_records({"GNU.sparse.numbytes": b"4", "GNU.sparse.offset": b"0"}),
        render_records({"GNU.sparse.offset": b"0", "GNU.sparse.offset#1": b"4"}),
        render_records({"GNU.sparse.offset": b"0,4"}),
    ],
)
def test_records_are_refused(content: bytes) -> None:
    """Wrong lengths, no key, zero bytes in names and keys, and maps of sparse files that are out of order."""
    with pytest.raises(ValueError, match=r"record at byte|alternate"):
        parse_records(content)


def test_an_empty_value_takes_a_record_back() -> None:
    """But an attribute may be empty."""
    pairs = [(b"path", b"a"), (b"path", b""), (b"uid", b"7"), (b"SCHILY.xattr.user.a", b"")]
    assert merge_records(pairs) == {b"uid": b"7", b"SCHILY.xattr.user.a": b""}


def test_a_map_in_many_records_becomes_one() -> None:
    """Sparse format 0.0 repeats its records, which 0.1 has not."""
    names = ("GNU.sparse.offset", "GNU.sparse.numbytes") * 2
    pairs = [(name.encode(), str(number).encode()) for number, name in enumerate(names)]
    assert merge_records(pairs)[b"GNU.sparse.map"] == b"0,1,2,3"


@pytest.mark.parametrize(
    ("value", "nanoseconds"),
    [
        (b"1", NANOSECONDS),
        (b"+1.", NANOSECONDS),
        (b"-1.5", -1_500_000_000),
        (b"-0.5", -500_000_000),
        (b"0.1234567899", 123_456_789),
        (b"-9223372036854775808", -(2**63) * NANOSECONDS),
    ],
)
def test_seconds_are_taken(value: bytes, nanoseconds: int) -> None:
    """With a sign, and with more digits than count."""
    assert parse_seconds(value) == nanoseconds


@pytest.mark.parametrize(
    "value", [b"", b".5", b"--5", b"1.x", b"1.-5", b"9223372036854775808", b"-9223372036854775809", b"1e3", b"-"]
)
def test_seconds_are_refused(value: bytes) -> None:
    """No digits, two signs, and more than 64 bits."""
    with pytest.raises(ValueError, match="not a number"):
        parse_seconds(value)


def test_counts_are_not_negative() -> None:
    """Sizes of files and lengths of segments."""
    assert (parse_count(b"+7"), parse_count(b"0" * 40 + b"7")) == (7, 7)
    with pytest.raises(ValueError, match="negative"):
        parse_count(b"-7")
