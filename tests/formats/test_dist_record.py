"""A RECORD is kept in columns."""

import hashlib
from base64 import urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerscope.errors import FormatError
from layerscope.formats.dist_record import NO_DIGEST, NO_SIZE, parse_dist_record


def test_reads_path_digest_and_size() -> None:
    """The digest is base64 for URLs, without padding."""
    digest = hashlib.sha256(b"content").digest()
    text = urlsafe_b64encode(digest).rstrip(b"=").decode()
    record = parse_dist_record(f"acme/__init__.py,sha256={text},7\r\nacme-1.dist-info/RECORD,,\n".encode())
    assert record.paths == ("acme/__init__.py", "acme-1.dist-info/RECORD")
    assert record.digests == digest + NO_DIGEST
    assert list(record.sizes) == [7, NO_SIZE]


def test_reads_quoted_paths() -> None:
    """A comma in a name is quoted, as csv does."""
    assert parse_dist_record(b'"a,b.py",,\n').paths == ("a,b.py",)


@pytest.mark.parametrize("text", ["md5=abc", "sha256=", "sha256=!!", "sha256=YWJj", "sha256=\u00e4"])
def test_takes_other_digests_for_none(text: str) -> None:
    """Only SHA-256 can be compared."""
    assert parse_dist_record(f"a,{text},x\n".encode()).digests == NO_DIGEST


def test_keeps_names_that_are_not_text() -> None:
    """As the layers do."""
    assert parse_dist_record(b"\xff.py,,\n").paths == ("\udcff.py",)


def test_refuses_a_row_without_end() -> None:
    """Csv has a ceiling for one field."""
    with pytest.raises(FormatError, match="row 1"):
        parse_dist_record(b'"' + b"a" * 200_000)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    """Columns are as long as each other."""
    try:
        record = parse_dist_record(content)
    except FormatError:
        return
    assert len(record.paths) == len(record.sizes) == len(record.digests) / 32
