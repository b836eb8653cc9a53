"""Times in documents: RFC 3339, or none."""

from datetime import UTC, datetime

import pytest

from layerscope.image.timestamp import parse_timestamp


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-02-29T23:59:59Z", datetime(2024, 2, 29, 23, 59, 59, tzinfo=UTC)),
        ("2024-01-02T03:04:05.123456789Z", datetime(2024, 1, 2, 3, 4, 5, 123456, UTC)),
        ("2024-01-02T03:04:05.5Z", datetime(2024, 1, 2, 3, 4, 5, 500000, UTC)),
        ("2024-01-02T03:04:05+02:00", datetime(2024, 1, 2, 1, 4, 5, tzinfo=UTC)),
        ("2024-01-02t03:04:05z", datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("1970-01-01T00:00:00Z", datetime(1970, 1, 1, tzinfo=UTC)),
    ],
)
def test_rfc_3339_times_are_read_in_utc(text: str, expected: datetime) -> None:
    """Any zone and any fraction come out as one moment, to the microsecond."""
    assert parse_timestamp(text) == expected


@pytest.mark.parametrize(
    "raw",
    [
        None,
        0,
        "",
        "20240102",
        "2024-01-02",
        "2024-W01-1T00:00:00Z",
        "2024-01-02T03:04:05",
        "2023-02-29T00:00:00Z",
        "2024-01-02T25:00:00Z",
        "2024-01-02T03:04:05+99:00",
        "9999-12-31T23:59:59-10:00",
        "0001-01-01T00:00:00Z",
        "\N{ARABIC-INDIC DIGIT TWO}024-01-02T03:04:05Z",
        "2024-01-02T03:04:05Z\n",
    ],
)
def test_anything_else_is_no_time(raw: object) -> None:
    """Other notations, impossible dates and Go's zero time are None."""
    assert parse_timestamp(raw) is None
