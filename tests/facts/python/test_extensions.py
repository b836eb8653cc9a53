"""Modules that their interpreter does not look for are found by their names."""

import pytest

from layerscope.facts.python.extensions import ExtensionCollector, UnloadableExtensions
from support.contexts import collect, make_context
from support.python_files import ELF, SITE, SOABI, distribution, interpreter
from support.tar_member import TarMember, file


def find(*members: TarMember, flags: str = "", libc: str = "gnu") -> tuple[UnloadableExtensions, ...]:
    """The facts of these members above an interpreter."""
    python = interpreter(flags=flags, libc=libc)
    return collect(ExtensionCollector, make_context(python, members)).of(UnloadableExtensions)


def module(name: str, site: str = SITE) -> TarMember:
    """An extension module in a package."""
    return file(f"{site}/acme/{name}", ELF)


@pytest.mark.parametrize(
    ("name", "flags", "libc", "reason"),
    [
        ("_c.cpython-310-x86_64-linux-gnu.so", "", "gnu", "version"),
        ("_c.cpython-311-aarch64-linux-gnu.so", "", "gnu", "platform"),
        ("_c.cpython-311-x86_64-linux-gnu.so", "", "musl", "libc"),
        ("_c.pypy310-pp73-x86_64-linux-gnu.so", "", "gnu", "implementation"),
        ("_c.cpython-311t-x86_64-linux-gnu.so", "", "gnu", "threading"),
    ],
)
def test_tells_what_differs(name: str, flags: str, libc: str, reason: str) -> None:
    """The interpreter's own tag is told beside it."""
    (found,) = find(module(name), flags=flags, libc=libc)
    assert (found.reason, found.package, found.count) == (reason, "acme", 1)
    assert found.wanted == SOABI.replace("gnu", libc)


@pytest.mark.parametrize("name", [f"_c.{SOABI}.so", "_c.abi3.so", "_c.so", "libgomp-1234.so.1"])
def test_passes_over_what_loads(name: str) -> None:
    """Its own tag, the stable ABI, no tag, and libraries."""
    assert find(module(name)) == ()


def test_passes_over_modules_with_a_stand_in() -> None:
    """A module that fits, or source, lies beside it."""
    other = "cpython-310-x86_64-linux-gnu.so"
    assert find(module(f"_c.{other}"), module("_c.abi3.so"), module(f"_d.{other}"), module("_d.py")) == ()


def test_a_free_threaded_python_has_no_stable_abi() -> None:
    """Not before 3.15."""
    python = interpreter(series="3.14", flags="t")
    site = "usr/local/lib/python3.14t/site-packages"
    context = make_context(python, [module("_c.abi3.so", site), module("_d.cpython-314t-x86_64-linux-gnu.so", site)])
    (found,) = collect(ExtensionCollector, context).of(UnloadableExtensions)
    assert (found.tag, found.reason) == ("abi3", "threading")


def test_names_the_distribution() -> None:
    """By its RECORD."""
    (found,) = find(*distribution("acme-tool", files={"acme/_c.cpython-39-x86_64-linux-gnu.so": ELF}))
    assert found.distribution == "acme-tool 1.0"
