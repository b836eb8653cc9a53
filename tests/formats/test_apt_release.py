"""The date of an apt repository's release file."""

from datetime import UTC, datetime

import pytest

from layerscope.formats.apt_release import HEAD_LIMIT, parse_release_date


def test_reads_the_date() -> None:
    """Signed or not, with either line ending."""
    content = b"-----BEGIN PGP SIGNED MESSAGE-----\r\n\r\nOrigin: Debian\r\nDate: Sat, 07 Feb 2026 10:12:13 UTC\r\n"
    assert parse_release_date(content) == datetime(2026, 2, 7, 10, 12, 13, tzinfo=UTC)


def test_converts_to_utc() -> None:
    """Whatever zone the server is in."""
    assert parse_release_date(b"Date: Sat, 07 Feb 2026 10:00:00 +0200\n") == datetime(2026, 2, 7, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    "content", [b"", b"Suite: stable\n", b"Date: yesterday at noon\n", b"Valid-Date: Sat, 07 Feb 2026\n"]
)
def test_says_nothing_where_no_date_is(content: bytes) -> None:
    """A file without a date has none."""
    assert parse_release_date(content) is None


def test_looks_at_the_head_alone() -> None:
    """The checksums that follow are megabytes long."""
    assert parse_release_date(b" " * HEAD_LIMIT + b"\nDate: Sat, 07 Feb 2026 10:12:13 UTC\n") is None
