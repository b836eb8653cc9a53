"""Core metadata is read from its headers."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerscope.errors import FormatError
from layerscope.formats.dist_metadata import REQUIREMENTS_LIMIT, DistMetadata, parse_dist_metadata


def test_reads_the_headers_and_stops_at_the_description() -> None:
    """What stands below the blank line is prose."""
    content = (
        b"Metadata-Version: 2.1\nName: acme\nVersion: 1.0\nRequires-Python: >=3.9\nRequires-Dist: numpy (<2)\n"
        b"Requires-Dist: torch ; extra == 'gpu'\nProvides-Extra: gpu\n\nRequires-Dist: none\n"
    )
    assert parse_dist_metadata(content) == DistMetadata(
        "acme", "1.0", ("numpy (<2)", "torch ; extra == 'gpu'"), ">=3.9", ("gpu",)
    )


def test_joins_lines_that_go_on() -> None:
    """A line that begins with a blank belongs to the one before; names are compared in any case."""
    content = (
        b"NAME: acme\r\nversion: 1\r\nDescription: text\r\n        more: text\r\nRequires-Dist: a;\r\n  os_name == 'nt'"
    )
    assert parse_dist_metadata(content).requires == ("a; os_name == 'nt'",)


def test_refuses_a_file_without_a_name() -> None:
    """Nothing could be compared with it."""
    with pytest.raises(FormatError, match="no Name"):
        parse_dist_metadata(b"Version: 1\n")


def test_refuses_more_requirements_than_anyone_has() -> None:
    """Each would be judged in every environment."""
    with pytest.raises(FormatError, match=r"5,001 requirements, limit 5,000"):
        parse_dist_metadata(b"Name: a\n" + b"Requires-Dist: b\n" * (REQUIREMENTS_LIMIT + 1))


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    """With the one error that says so."""
    with contextlib.suppress(FormatError):
        parse_dist_metadata(b"Name: a\n" + content)
