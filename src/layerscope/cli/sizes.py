"""SIZE on the command line: bytes with a unit, as `500MB`, `2GiB` or `4096`."""

import click

from layerscope.gate.amounts import find_bytes


def parse_size(text: str) -> int:
    """Return the bytes that `text` spells; raises BadParameter otherwise."""
    found = find_bytes(text)
    if found is None:
        raise click.BadParameter(f"{text[:40]!r}: expected bytes with a unit, such as 500MB, 2GiB or 4096")
    return found
