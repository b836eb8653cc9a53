"""Amounts are read as people write them."""

import pytest

from layerscope.errors import SettingsError
from layerscope.gate.amounts import Allowance, read_bytes, read_count, read_seconds, read_share
from layerscope.gate.setting import Setting


@pytest.mark.parametrize(
    ("text", "seconds"), [("20s", 20), ("500ms", 0.5), ("2m", 120), ("1 h", 3600), ("never", None)]
)
def test_times_have_units(text: str, seconds: float | None) -> None:
    """From milliseconds to hours."""
    assert read_seconds(Setting("time-limit", text)) == seconds


@pytest.mark.parametrize("value", ["20", 20, "0s", "soon", "", None, "1001h", "999999999h"])
def test_a_time_without_a_unit_is_none(value: object) -> None:
    """Twenty what?"""
    with pytest.raises(SettingsError, match="time-limit: expected a time with a unit"):
        read_seconds(Setting("time-limit", value))


@pytest.mark.parametrize(
    ("value", "share"), [("95%", 0.95), (0.5, 0.5), ("100 %", 1), (1, 1), (0, 0), ("0.95", 0.95), ("1", 1)]
)
def test_shares_are_per_cent_or_parts_of_one(value: object, share: float) -> None:
    """Both spellings mean the same."""
    assert read_share(Setting("min-efficiency", value)) == share


@pytest.mark.parametrize(("value", "allowed"), [("200MB", 200_000_000), ("5%", 50), (300, 300), ("1.5KiB", 1536)])
def test_an_allowance_is_bytes_or_a_share(value: object, allowed: int) -> None:
    """A share is one of what it is measured against."""
    assert Allowance.read(Setting("max-growth", value)).of(1000) == allowed


@pytest.mark.parametrize("value", ["0.05", "0.5B", "1.5", ""])
def test_a_part_of_a_byte_is_no_amount(value: str) -> None:
    """It is a share without its sign, which would come to nothing at all."""
    with pytest.raises(SettingsError, match="max-wasted: expected bytes with a unit or a share"):
        Allowance.read(Setting("max-wasted", value))
    with pytest.raises(SettingsError, match="max-size: expected bytes with a unit"):
        read_bytes(Setting("max-size", value))


@pytest.mark.parametrize("value", ["9" * 5000, 10**12, "0", 0, "1.5", "\N{ARABIC-INDIC DIGIT THREE}", True])
def test_a_count_is_a_number_of_things(value: object) -> None:
    """From one to more than there are of anything."""
    with pytest.raises(SettingsError, match="max-layers: expected a whole number from 1 to"):
        read_count(Setting("max-layers", value))
    assert read_count(Setting("max-layers", "40")) == 40
