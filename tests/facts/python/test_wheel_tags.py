"""Wheels are judged by their tags."""

import pytest

from layerscope.facts.python.wheel_tags import UnsuitableWheel, WheelTagCollector
from support.contexts import collect, make_context
from support.python_files import distribution, interpreter


def judge(*tags: str, series: str = "3.11", flags: str = "", libc: str = "gnu") -> str:
    """Why a wheel with these tags does not suit; empty where it does."""
    site = f"usr/local/lib/python{series}{flags}/site-packages"
    context = make_context(interpreter(series=series, flags=flags, libc=libc), distribution("a", tags=tags, site=site))
    found = collect(WheelTagCollector, context).of(UnsuitableWheel)
    return found[0].reason if found else ""


@pytest.mark.parametrize(
    "tags",
    [
        ("py3-none-any",),
        ("py2-none-any", "py3-none-any"),
        ("cp311-cp311-manylinux_2_28_x86_64",),
        ("cp311-cp311-linux_x86_64",),
        ("cp38-abi3-manylinux1_x86_64",),
        ("py3-none-manylinux2014_x86_64",),
        ("cp310-cp310-manylinux2014_x86_64", "cp311-cp311-manylinux2014_x86_64"),
    ],
)
def test_suitable_ones_are_not_told(tags: tuple[str, ...]) -> None:
    """One tag that fits is enough."""
    assert judge(*tags) == ""


@pytest.mark.parametrize(
    ("tag", "reason"),
    [
        ("cp310-cp310-manylinux_2_28_x86_64", "version"),
        ("cp312-abi3-manylinux_2_28_x86_64", "version"),
        ("py2-none-any", "version"),
        ("pp310-pypy310_pp73-manylinux_2_28_x86_64", "implementation"),
        ("cp311-cp311-manylinux_2_28_aarch64", "platform"),
        ("cp311-cp311-win_amd64", "platform"),
        ("cp311-cp311-musllinux_1_2_x86_64", "libc"),
    ],
)
def test_tells_what_differs(tag: str, reason: str) -> None:
    """The nearest reason counts."""
    assert judge(tag) == reason


def test_threading_is_told_both_ways() -> None:
    """The stable ABI included."""
    assert judge("cp314-cp314-linux_x86_64", series="3.14", flags="t") == "threading"
    assert judge("cp39-abi3-linux_x86_64", series="3.14", flags="t") == "threading"
    assert judge("cp314-cp314t-linux_x86_64", series="3.14") == "threading"
    assert judge("cp314-cp314t-linux_x86_64", series="3.14", flags="t") == ""


def test_wheels_for_glibc_do_not_suit_musl() -> None:
    """Unless they are built on the spot."""
    assert judge("cp311-cp311-manylinux_2_28_x86_64", libc="musl") == "libc"
    assert judge("cp311-cp311-linux_x86_64", libc="musl") == ""


def test_old_pythons_have_flags_in_their_tags() -> None:
    """Up to 3.7 an `m`, and Python 2 has rules of its own."""
    assert judge("cp37-cp37m-manylinux1_x86_64", series="3.7") == ""
    assert judge("cp37-cp37m-manylinux1_x86_64", series="3.8") == "version"
    assert judge("py2-none-any", series="2.7") == ""
