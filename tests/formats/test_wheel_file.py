"""A WHEEL file tells for what its wheel was made."""

from typing import NoReturn

import pytest

from layerscope.errors import FormatError
from layerscope.formats import wheel_file
from layerscope.formats.wheel_file import parse_wheel_file


def test_spells_out_compressed_tags() -> None:
    """`py2.py3` stands for two."""
    wheel = parse_wheel_file(b"Wheel-Version: 1.0\nGenerator: acme 1\nRoot-Is-Purelib: true\nTag: py2.py3-none-any\n")
    assert (wheel.tags, wheel.is_pure, wheel.generator) == (("py2-none-any", "py3-none-any"), True, "acme 1")


@pytest.mark.parametrize("tag", ["cp311", "cp311-cp311", "a-b-c-d", "--", "cp311--any"])
def test_refuses_a_tag_without_three_parts(tag: str) -> None:
    """It says nothing."""
    with pytest.raises(FormatError, match="PYTHON-ABI-PLATFORM"):
        parse_wheel_file(f"Tag: {tag}\n".encode())


def test_refuses_tags_that_stand_for_thousands() -> None:
    """Three short lists multiply."""
    part = ".".join(f"x{number}" for number in range(20))
    with pytest.raises(FormatError, match="8,000"):
        parse_wheel_file(f"Tag: {part}-{part}-{part}\n".encode())


def test_a_tag_that_packaging_refuses_is_no_tag(monkeypatch: pytest.MonkeyPatch) -> None:
    """Versions of packaging differ in what they check; none of its exceptions comes through."""

    def refuse(tag: str) -> NoReturn:
        raise ValueError(f"no interpreter in {tag}")

    monkeypatch.setattr(wheel_file, "parse_tag", refuse)
    with pytest.raises(FormatError, match="no interpreter in cp3-cp311-any"):
        parse_wheel_file(b"Tag: cp3-cp311-any\n")


def test_a_long_tag_is_refused() -> None:
    """It stands for up to two hundred as long."""
    with pytest.raises(FormatError, match="expected PYTHON-ABI-PLATFORM"):
        parse_wheel_file(b"Tag: " + b".".join(b"py%d" % number for number in range(100)) + b"-none-" + b"a" * 100_000)
