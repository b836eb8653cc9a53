"""dpkg's files are read as dpkg writes them."""

from hypothesis import given
from hypothesis import strategies as st

from layerscope.formats.deb_status import (
    DebPackage,
    Diversion,
    parse_deb_list,
    parse_deb_status,
    parse_diversions,
    parse_md5sums,
)

STATUS = b"""Package: libc6
Status: install ok installed
Architecture: amd64
Multi-Arch: same
Source: glibc
Version: 2.36-9+deb12u10
Depends: libgcc-s1
Description: GNU C Library
 Package: not a field
 .
 Status: nor this

Package: perl-base
Status: install ok half-configured
Architecture: amd64
Source: perl (5.36.0-7)
Version: 5.36.0-7+deb12u1

Status: install ok installed
"""


def test_reads_packages_and_their_status() -> None:
    """Continuation lines are no fields, and a paragraph without a name is no package."""
    first, second = parse_deb_status(STATUS)
    status = "install ok installed"
    assert first == DebPackage("libc6", "2.36-9+deb12u10", "amd64", status, "glibc")
    assert (second.name, second.source, second.is_installed) == ("perl-base", "perl", False)


def test_held_packages_and_those_without_a_status_are_installed() -> None:
    """Distroless images leave the status out."""
    held, silent, removed = parse_deb_status(
        b"Package: a\nStatus: hold ok installed\n\nPackage: b\nVersion: 1\n\n"
        b"Package: c\nStatus: deinstall ok config-files\n"
    )
    assert (held.is_installed, silent.is_installed, removed.is_installed) == (True, True, False)
    assert (silent.version, silent.source) == ("1", "b")


def test_lists_leave_out_folders_that_hold_something() -> None:
    """Dpkg lists every folder on the way."""
    content = b"/.\n/usr\n/usr/lib\n/usr/lib/libz.so.1\n/usr/lib/libz.so.1.2.13\n/var/empty\n"
    assert parse_deb_list(content) == ("usr/lib/libz.so.1", "usr/lib/libz.so.1.2.13", "var/empty")


def test_reads_checksums_and_diversions() -> None:
    """Paths lose their leading slash."""
    assert parse_md5sums(b"0123  usr/bin/a b\n4567  ./usr/lib/c\n\nbroken\n") == ("usr/bin/a b", "usr/lib/c")
    content = b"/bin/sh\n/bin/sh.distrib\ndash\n/usr/bin/x\n/usr/bin/x.real\n:\n"
    assert parse_diversions(content) == (
        Diversion("bin/sh", "bin/sh.distrib", "dash"),
        Diversion("usr/bin/x", "usr/bin/x.real", ":"),
    )


@given(st.binary(max_size=400))
def test_takes_any_bytes(content: bytes) -> None:
    """A damaged file gives fewer packages."""
    parse_deb_status(content)
    parse_deb_list(content)
    parse_md5sums(content)
    parse_diversions(content)
