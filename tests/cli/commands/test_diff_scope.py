"""`layerscope diff` of a part of two images: what is told is of that part."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from support.built_image import build_image
from support.images import write_image
from support.tar_writer import TarMember, directory, file

Answer = Callable[..., tuple[int, bytes, str]]


def write(folder: Path, name: str, *members: TarMember) -> Path:
    """An image of one layer."""
    path = folder / name
    write_image(build_image([[directory("etc"), *members]], tag=f"team/{name}:1"), path, "oci-dir")
    return path


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    """Two images: the second has more in /srv, less in /opt, and a longer log."""
    sizes = ((1000, 50_000, 10), (3000, 10_000, 7010))
    one, other = (
        write(
            tmp_path,
            str(number),
            file("srv/a", b"a" * srv),
            file("opt/b", b"b" * opt),
            file("var/log/c.log", b"c" * log),
        )
        for number, (srv, opt, log) in enumerate(sizes)
    )
    return one, other


@pytest.mark.parametrize(
    ("options", "told", "growth"),
    [
        ((), "-31.0 kB for a container", -31_000),
        (("--only-path", "/srv/**"), "+2.0 kB in what is compared", 2_000),
        (("--ignore-path", "/opt/**"), "+9.0 kB in what is compared", 9_000),
        (("--semantic",), "-38.0 kB in what is compared", -38_000),
        (("--semantic", "--keep", "logs"), "-31.0 kB for a container", -31_000),
    ],
)
def test_the_growth_is_that_of_what_is_compared(
    answer: Answer, pair: tuple[Path, Path], options: tuple[str, ...], told: str, growth: int
) -> None:
    """In the heading, above the rows, and in every format; the rows add up to it."""
    document = json.loads(answer("diff", *pair, *options, "-o", "json")[1])
    assert document["summary"]["growth"] == growth == sum(each["growth"] for each in document["sizes"])
    for form, times in (("terminal", 2), ("markdown", 2), ("html", 1)):
        assert answer("diff", *pair, *options, "-o", form)[1].decode().count(told) == times
