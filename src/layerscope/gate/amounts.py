"""Amounts as people write them: bytes with a unit, shares of a whole, and spans of time."""

import re
from dataclasses import dataclass
from typing import Final

from layerscope.gate.setting import Setting
from layerscope.rules.wording import tell_size

_UNITS: Final = {"": 1, "B": 1} | {
    spelling: step**power
    for power, letter in enumerate("KMGT", start=1)
    for spelling, step in ((letter, 1000), (f"{letter}B", 1000), (f"{letter}IB", 1024))
}
_BYTES: Final = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,9})?) ?([A-Za-z]{0,3})")
_SHARE: Final = re.compile(r"([0-9]{1,5}(?:\.[0-9]{1,6})?) ?%")
_FRACTION: Final = re.compile(r"[01](?:\.[0-9]{1,6})?")
_COUNT: Final = re.compile(r"[0-9]{1,9}")
_SECONDS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_SPAN: Final = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?) ?(ms|s|m|h)")

MAX_COUNT: Final = 999_999_999
"""More than anything has that is counted."""
MAX_SECONDS: Final = 3_600_000.0
"""1000 hours: whoever waits longer says never."""
SIZE_EXPECTED: Final = "bytes with a unit, such as 500MB or 2GiB"


def find_bytes(text: str) -> int | None:
    """The bytes that a text spells, `500MB`, `2GiB` or `4096`; None for any other text."""
    match = _BYTES.fullmatch(text.strip())
    if match is not None and "." in match[1] and match[2].upper() in {"", "B"}:
        return None  # a part of a byte is a share that somebody wrote without its sign
    factor = _UNITS.get(match[2].upper()) if match else None
    return None if match is None or factor is None else int(float(match[1]) * factor)


def read_bytes(setting: Setting) -> int:
    """The bytes that a setting says; raises SettingsError."""
    found = _find_size(setting.value)
    if found is None:
        raise setting.refuse(SIZE_EXPECTED)
    return found


def read_count(setting: Setting) -> int:
    """The whole number, at least 1, that a setting says; raises SettingsError."""
    value = setting.value
    if isinstance(value, str) and _COUNT.fullmatch(value.strip()):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MAX_COUNT:
        raise setting.refuse(f"a whole number from 1 to {MAX_COUNT:,}")
    return value


def read_share(setting: Setting) -> float:
    """The share that a setting says, `95%` or 0.95, from 0 to 1; raises SettingsError."""
    value = setting.value
    share = _find_fraction(value) if isinstance(value, str) else value
    if not isinstance(share, float | int) or isinstance(share, bool) or not 0 <= share <= 1:
        raise setting.refuse("a share from 0% to 100%, such as 95%")
    return float(share)


def _find_fraction(text: str) -> float | None:
    return float(text) if _FRACTION.fullmatch(text.strip()) else find_share(text)


def find_share(text: str) -> float | None:
    """The share that a text with a per cent sign spells; None for any other text."""
    match = _SHARE.fullmatch(text.strip())
    return float(match[1]) / 100 if match else None


def read_seconds(setting: Setting) -> float | None:
    """The seconds that a setting says, `20s`, `500ms` or `2m`; None for `never`; raises SettingsError."""
    value = setting.value
    if value == "never":
        return None
    match = _SPAN.fullmatch(value.strip()) if isinstance(value, str) else None
    seconds = float(match[1]) * _SECONDS[match[2]] if match else 0.0
    if not 0 < seconds <= MAX_SECONDS:
        raise setting.refuse("a time with a unit, such as 20s, 500ms or 2m, up to 1000h, or never")
    return seconds


@dataclass(frozen=True)
class Allowance:
    """So many bytes, or such a share of something."""

    size: int | None = None
    share: float | None = None

    @classmethod
    def read(cls, setting: Setting) -> "Allowance":
        """The allowance that a setting says, `200MB` or `5%`; raises SettingsError."""
        size = _find_size(setting.value)
        share = find_share(setting.value) if isinstance(setting.value, str) else None
        if size is None and share is None:
            raise setting.refuse("bytes with a unit or a share, such as 200MB or 5%")
        return cls(size, share)

    def of(self, whole: int) -> int:
        """The bytes that it comes to."""
        return self.size if self.size is not None else int((self.share or 0.0) * whole)

    def __str__(self) -> str:
        return tell_size(self.size) if self.size is not None else f"{(self.share or 0.0) * 100:g}%"


def _find_size(value: object) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    return find_bytes(value) if isinstance(value, str) else None
