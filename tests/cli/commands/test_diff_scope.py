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


@pytest.mark.parametrize("pattern", ["/nope/**", "*.log", "/srv/b"])
def test_a_path_to_compare_that_is_nowhere_is_an_error(answer: Answer, pair: tuple[Path, Path], pattern: str) -> None:
    """A misspelt glob is no sound comparison, alone or beside another; the error says what globs are."""
    for options in ((), ("--only-path", "/srv/**"), ("-o", "json")):
        code, out, told = answer("diff", *pair, *options, "--only-path", pattern)
        assert (code, out) == (2, b"")
        assert f"--only-path {pattern}: matches nothing in either image" in told
        assert "**/*.toml" in told


def test_a_path_that_may_lie_where_nothing_was_read_is_no_error(
    answer: Answer, fixture_image: Callable[[str, str], Path]
) -> None:
    """The image is damaged, which the exit code says; the verdict says that nothing matched."""
    image = fixture_image("damaged", "oci-dir")
    code, out, _ = answer("diff", image, image, "--only-path", "/nope/**")
    assert (code, b"nothing matches --only-path" in out) == (4, True)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--ignore-path", "/opt"), "--ignore-path /opt leaves out the entry of that folder alone; /opt/** is what"),
        (("--only-path", "/srv/"), "--only-path /srv compares the entry of that folder alone; /srv/** is what lies"),
        (("--ignore-path", "nope/**"), "--ignore-path /nope/** matches nothing in either image"),
    ],
)
def test_a_glob_that_may_be_meant_otherwise_is_told(
    answer: Answer, pair: tuple[Path, Path], options: tuple[str, ...], told: str
) -> None:
    """In every format."""
    for form in ("terminal", "markdown", "html", "json"):
        text = answer("diff", *pair, *options, "-o", form)[1].decode().replace("`", "")
        assert told in " ".join(text.split()), form


def test_a_glob_that_does_what_it_says_is_not_told(answer: Answer, pair: tuple[Path, Path]) -> None:
    """What lies in a folder, a file, and a folder that is empty."""
    options = ("--ignore-path", "/opt/**", "--ignore-path", "/srv/a", "--ignore-path", "/etc")
    out = answer("diff", *pair, *options)[1].decode()
    assert "note" not in out
