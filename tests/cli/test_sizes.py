"""SIZE on the command line is bytes with a unit."""

import click
import pytest

from layerscope.cli.sizes import parse_size


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0),
        ("4096", 4096),
        ("12B", 12),
        ("1kB", 1000),
        ("1k", 1000),
        ("2MiB", 2 << 20),
        ("1.5GB", 1_500_000_000),
        ("3 TiB", 3 << 40),
    ],
)
def test_units_are_decimal_or_binary(text: str, size: int) -> None:
    """`kB` is a thousand and `KiB` is 1024."""
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "-1", "MB", "1 parsec", "1e9", "½", "9" * 20])
def test_anything_else_is_refused(text: str) -> None:
    """The message says what was expected."""
    with pytest.raises(click.BadParameter, match="expected bytes with a unit"):
        parse_size(text)
