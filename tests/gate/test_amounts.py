"""Amounts are read as people write them."""

import pytest

from layerscope.errors import SettingsError
from layerscope.gate.amounts import Allowance, read_seconds, read_share
from layerscope.gate.setting import Setting


@pytest.mark.parametrize(
    ("text", "seconds"), [("20s", 20), ("500ms", 0.5), ("2m", 120), ("1 h", 3600), ("never", None)]
)
def test_times_have_units(text: str, seconds: float | None) -> None:
    """From milliseconds to hours."""
    assert read_seconds(Setting("time-limit", text)) == seconds


@pytest.mark.parametrize("value", ["20", 20, "0s", "soon", "", None])
def test_a_time_without_a_unit_is_none(value: object) -> None:
    """Twenty what?"""
    with pytest.raises(SettingsError, match="time-limit: expected a time with a unit"):
        read_seconds(Setting("time-limit", value))


@pytest.mark.parametrize(("value", "share"), [("95%", 0.95), (0.5, 0.5), ("100 %", 1), (1, 1), (0, 0)])
def test_shares_are_per_cent_or_parts_of_one(value: object, share: float) -> None:
    """Both spellings mean the same."""
    assert read_share(Setting("min-efficiency", value)) == share


@pytest.mark.parametrize(("value", "allowed"), [("200MB", 200_000_000), ("5%", 50), (300, 300), ("1.5KiB", 1536)])
def test_an_allowance_is_bytes_or_a_share(value: object, allowed: int) -> None:
    """A share is one of what it is measured against."""
    assert Allowance.read(Setting("max-growth", value)).of(1000) == allowed
