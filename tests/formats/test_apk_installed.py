"""apk's database is read as apk writes it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerscope.formats import apk_installed
from layerscope.formats.apk_installed import ApkPackage, parse_apk_installed

INSTALLED = b"""C:Q1qKcZ+j23xssAXmgQhkOO8dHnbWw=
P:musl
V:1.2.5-r9
A:x86_64
S:400000
o:musl
F:lib
R:ld-musl-x86_64.so.1
a:0:0:755
Z:Q1x
R:libc.musl-x86_64.so.1

P:busybox
V:1.37.0-r12
A:x86_64
D:so:libc.musl-x86_64.so.1 busybox-binsh
F:
R:init
F:etc
M:0:0:755
F:bin
R:busybox
"""


def test_reads_packages_with_their_files() -> None:
    """A file lies in the folder named last; folders alone are no files."""
    assert parse_apk_installed(INSTALLED) == (
        ApkPackage("musl", "1.2.5-r9", "x86_64", "musl", ("lib/ld-musl-x86_64.so.1", "lib/libc.musl-x86_64.so.1")),
        ApkPackage(
            "busybox",
            "1.37.0-r12",
            "x86_64",
            "busybox",
            ("init", "bin/busybox"),
        ),
    )


def test_a_long_folder_is_not_repeated_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder is named once in the file and once a file in memory."""
    monkeypatch.setattr(apk_installed, "PATHS_SIZE_LIMIT", 1000)
    (package,) = parse_apk_installed(b"P:x\nF:" + b"a" * 400 + b"\nR:b" * 100)
    assert len(package.files) == 2


@given(st.binary(max_size=300))
def test_takes_any_bytes(content: bytes) -> None:
    """A damaged file gives fewer packages."""
    parse_apk_installed(content)
