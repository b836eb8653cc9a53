"""Shares and times are worded the same everywhere."""

from datetime import UTC, datetime, timedelta, timezone

from layerscope.report.units import format_share, format_time


def test_a_share_has_one_decimal() -> None:
    """A third is 33.3%."""
    assert format_share(1, 3) == "33.3%"


def test_a_share_of_nothing_is_none() -> None:
    """An image without content wastes no share of it."""
    assert format_share(0, 0) == "0.0%"


def test_a_time_is_told_in_utc() -> None:
    """Another time zone changes the words, not the moment."""
    moment = datetime(2026, 3, 2, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    assert format_time(moment) == format_time(moment.astimezone(UTC)) == "2026-03-01 23:30 UTC"
