"""A Java runtime's release file names its version."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerscope.formats.java_release import JavaRelease, parse_java_release


@pytest.mark.parametrize(
    ("version", "feature"), [("17.0.15", 17), ("1.8.0_392", 8), ("21", 21), ("25-ea", 25), ("11.0.2+9", 11)]
)
def test_reads_the_feature_release(version: str, feature: int) -> None:
    """Java 8 and older count from 1."""
    content = f'IMPLEMENTOR="Debian"\nJAVA_VERSION="{version}"\nLIBC="gnu"\nMODULES="java.base java.xml"\n'
    assert parse_java_release(content.encode()) == JavaRelease(version, feature, "Debian")


def test_other_release_files_are_none() -> None:
    """Many things are called release."""
    assert parse_java_release(b"VERSION=17\n") is None
    assert parse_java_release(b'JAVA_VERSION="next"\n') is None


@given(st.binary(max_size=200))
def test_takes_any_bytes(content: bytes) -> None:
    """It is a release or None."""
    parse_java_release(content)


def test_a_line_of_blanks_takes_no_time() -> None:
    """The pattern for an assignment once tried each pair of blanks: a minute for 64 KiB."""
    content = b'JAVA_VERSION="17"\nA="' + b" " * 60_000 + b'"x\n'
    began = time.monotonic()
    assert parse_java_release(content) is not None
    assert time.monotonic() - began < 2
