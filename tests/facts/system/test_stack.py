"""The stack is one chain, each level with the layer that brought it."""

from layerscope.facts.system.stack import StackCollector, StackLevel
from layerscope.image.config import RuntimeConfig
from support.contexts import collect, make_context
from support.debian import paragraph, status_file
from support.tar_member import file, symlink

BASE = [
    file("etc/os-release", b'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian 12"\n'),
    status_file(paragraph("libc6", "2.36-9+deb12u10"), paragraph("libssl3", "3.0.15-1~deb12u1")),
]
PYTHON = [file("usr/local/bin/python3.12", mode=0o755), symlink("usr/local/bin/python3", "python3.12")]


def test_tells_the_chain_from_the_kernel_to_the_application() -> None:
    """The kernel is the host's, and only its least version is known."""
    context = make_context(
        BASE,
        PYTHON,
        [file("app/package.json", b'{"version": "2.1.0"}'), file("app/serve", b"x", mode=0o755)],
        runtime=RuntimeConfig(cmd=("./serve",), working_dir="/app"),
    )
    levels = collect(StackCollector, context).of(StackLevel)
    assert [(each.level, each.name, each.version, each.layer) for each in levels] == [
        ("kernel", "Linux", "3.2.0", None),
        ("distribution", "debian", "12", 0),
        ("libc", "glibc", "2.36", 0),
        ("openssl", "OpenSSL", "3.0.15", 0),
        ("runtime", "Python", "3.12", 1),
        ("packages", "dpkg", "2 packages", 0),
        ("application", "serve", "2.1.0", 2),
    ]


def test_levels_that_the_image_does_not_show_are_left_out() -> None:
    """Musl names no least kernel; OpenSSL without a package is told by its file."""
    context = make_context(
        [file("lib/apk/db/installed", b"P:musl\nV:1.2.5-r9\nA:x86_64\n"), file("usr/lib/libssl.so.3", b"\x7fELF")]
    )
    levels = collect(StackCollector, context).of(StackLevel)
    assert [(each.level, each.name, each.version) for each in levels] == [
        ("libc", "musl", "1.2.5"),
        ("openssl", "OpenSSL", "3"),
        ("packages", "apk", "1 package"),
    ]
    assert list(collect(StackCollector, make_context([file("app")]))) == []
