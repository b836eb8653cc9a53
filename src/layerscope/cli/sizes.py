"""SIZE on the command line: bytes with a unit, as `500MB`, `2GiB` or `4096`."""

import re
from typing import Final

import click

_UNITS: Final = {"": 1, "B": 1} | {
    spelling: step**power
    for power, letter in enumerate("KMGT", start=1)
    for spelling, step in ((letter, 1000), (f"{letter}B", 1000), (f"{letter}IB", 1024))
}
_SPELLING: Final = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,9})?) ?([A-Za-z]{0,3})")


def parse_size(text: str) -> int:
    """Return the bytes that `text` spells; raises BadParameter otherwise."""
    match = _SPELLING.fullmatch(text.strip())
    factor = _UNITS.get(match[2].upper()) if match else None
    if match is None or factor is None:
        raise click.BadParameter(f"{text[:40]!r}: expected bytes with a unit, such as 500MB, 2GiB or 4096")
    return int(float(match[1]) * factor)
