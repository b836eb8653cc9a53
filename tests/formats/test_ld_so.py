"""A loader's built-in folders are found among its bytes."""

import time
from pathlib import Path

import pytest

from layerscope.formats.ld_so import BuiltInPaths, parse_ld_so

HOST = Path("/lib64/ld-linux-x86-64.so.2")


def test_finds_debians_folders() -> None:
    """The list of texts with a slash at the end, and what `$LIB` is."""
    content = (
        b"\x7fELF..\0lib/x86_64-linux-gnu\0..\0/lib/x86_64-linux-gnu/\0/usr/lib/x86_64-linux-gnu/\0/lib/\0/usr/lib/\0.."
    )
    assert parse_ld_so(content) == BuiltInPaths(
        ("/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib", "/usr/lib"), "lib/x86_64-linux-gnu"
    )


def test_finds_the_usual_folders() -> None:
    """As glibc builds them in unless told otherwise."""
    assert parse_ld_so(b"\0lib64\0/etc/x/\0/y/\0\0/lib64/\0/usr/lib64/\0") == BuiltInPaths(
        ("/lib64", "/usr/lib64"), "lib64"
    )


def test_finds_nothing_in_other_bytes() -> None:
    """One folder alone is no list, nor are folders of other things."""
    assert parse_ld_so(b"\0/lib/\0") is None
    assert parse_ld_so(b"\0/etc/ssl/\0/etc/pki/\0") is None


@pytest.mark.skipif(not HOST.exists(), reason="this host has no glibc for x86-64")
def test_reads_this_hosts_loader() -> None:
    """It has folders that are there."""
    found = parse_ld_so(HOST.read_bytes())
    assert found is not None
    assert any(Path(folder).is_dir() for folder in found.folders)


def test_a_loader_of_slashes_takes_no_time() -> None:
    """A directory once was looked for from each of its bytes on: 20 seconds for 4 MiB."""
    began = time.monotonic()
    assert parse_ld_so(b"\x7fELF" + b"/" * (4 << 20)) is None
    assert time.monotonic() - began < 2
