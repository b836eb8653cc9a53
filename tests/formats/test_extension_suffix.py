"""A module's name tells which interpreters look for it."""

import importlib.machinery

import pytest

from layerscope.formats.extension_suffix import ExtensionSuffix, parse_extension_suffix


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "_c.cpython-311-x86_64-linux-gnu.so",
            ExtensionSuffix("_c", "cpython-311-x86_64-linux-gnu", "cpython", "3.11", "", "x86_64-linux-gnu"),
        ),
        (
            "_c.cpython-314t-aarch64-linux-musl.so",
            ExtensionSuffix("_c", "cpython-314t-aarch64-linux-musl", "cpython", "3.14", "t", "aarch64-linux-musl"),
        ),
        ("_c.cpython-37m.so", ExtensionSuffix("_c", "cpython-37m", "cpython", "3.7", "m", "")),
        (
            "_c.pypy310-pp73-x86_64-linux-gnu.so",
            ExtensionSuffix("_c", "pypy310-pp73-x86_64-linux-gnu", "pypy", "3.10", "", "x86_64-linux-gnu"),
        ),
        ("_c.abi3.so", ExtensionSuffix("_c", "abi3")),
        ("_c.so", ExtensionSuffix("_c")),
    ],
)
def test_reads_every_kind_of_tag(name: str, expected: ExtensionSuffix) -> None:
    """Version, flags and platform."""
    assert parse_extension_suffix(name) == expected


@pytest.mark.parametrize("name", ["libc.so.6", "a.py", "libfoo.1.2.so", "x" * 300 + ".so", "a.cpython-311.pyd"])
def test_passes_over_other_files(name: str) -> None:
    """Libraries with versions, and modules of other systems."""
    assert parse_extension_suffix(name) is None


def test_knows_the_suffixes_of_this_interpreter() -> None:
    """All that the running one looks for."""
    for suffix in importlib.machinery.EXTENSION_SUFFIXES:
        if suffix.endswith(".so"):
            assert parse_extension_suffix(f"m{suffix}") is not None
