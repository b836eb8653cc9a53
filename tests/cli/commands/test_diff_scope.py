"""`layerscope diff` of a part of two images: what is told is of that part."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from support.built_image import build_image
from support.elf_images import write_files
from support.elf_writer import ElfPlan
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


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--only", "gpus"), "no difference in GPUs"),
        (("--only", "traits", "--only", "config"), "no difference in config and characteristics"),
        (
            ("--only", "gpus", "--only", "packages", "--only", "config", "--only", "history"),
            "no difference in config, history, packages and GPUs",
        ),
        (("--only", "files", "--only-path", "/etc/**"), "no difference in files but what is left out"),
    ],
)
def test_no_difference_is_told_of_what_was_compared(
    answer: Answer, tmp_path: Path, options: tuple[str, ...], told: str
) -> None:
    """The images differ elsewhere."""
    pair = [write(tmp_path, name, file("etc/x", b"x"), file("srv/y", name.encode())) for name in ("one", "two")]
    for form in ("terminal", "markdown", "html"):
        code, out, _ = answer("diff", *pair, *options, "-o", form)
        assert (code, told in out.decode().replace("No diff", "no diff")) == (0, True)


def test_the_whole_is_compared_without_a_word_more(answer: Answer, pair: tuple[Path, Path]) -> None:
    """No part is named where all are compared."""
    assert "no difference\n" in answer("diff", pair[0], pair[0])[1].decode()


def test_files_that_a_risk_does_not_name_are_counted(answer: Answer, tmp_path: Path) -> None:
    """The first one stands for all, and the line says how many more there are."""
    images = [tmp_path / "one", tmp_path / "two"]
    for needed, path in zip(((), ("libz.so.1",)), images, strict=True):
        plans = {f"usr/lib/{name}.so": ElfPlan(soname=f"{name}.so", needed=needed) for name in "abc"}
        write_image(build_image([write_files(plans)], tag="a/b:1"), path, "oci-dir")
    for form in ("terminal", "markdown"):
        text = " ".join(answer("diff", *images, "-o", form)[1].decode().replace("`", "").split())
        assert "3 files in need of other libraries" in text
        assert "/usr/lib/a.so: +libz.so.1, and 2 more" in text


def test_a_path_is_broken_on_a_terminal_alone(
    answer: Answer, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Elsewhere it is searched for: in the files, what brought bytes, the contents, and the digest's causes."""
    monkeypatch.setenv("COLUMNS", "80")
    place = "/".join(["srv", "a-folder-with-a-long-name" * 4, "another-one" * 3])
    pair = [write(tmp_path, name, file(f"{place}/y", name.encode() * size)) for name, size in (("b", 1), ("c", 9))]
    out = answer("diff", *pair, "--patch")[1].decode()
    assert out.count(f"/{place}/y\n") == 3
    assert f"/{place},\n" in out
    assert f"\n ~  +8 B  /{place}/y\n          1 B to 9 B\n" in out
    assert all(f"oci-dir:{image} " in out or f"oci-dir:{image}\n" in out for image in pair)
    request.getfixturevalue("on_terminal")
    out = answer("diff", *pair, "--patch", "--no-color")[1].decode()
    assert f"/{place}" not in out
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        (("ENV A=1 B=2 C=3",), "3 build steps differ"),
        (("ENV A=1", "ENV B=2", "ENV D=4"), "1 build step differs"),
        (("ENV A=1", "ENV B=2"), "1 build step differs"),
    ],
)
def test_each_step_counts_that_differs(answer: Answer, tmp_path: Path, steps: tuple[str, ...], told: str) -> None:
    """Three that one stands for are three; one in the place of another is one."""
    images = [tmp_path / "one", tmp_path / "two"]
    for path, own in zip(images, (("ENV A=1", "ENV B=2", "ENV C=3"), steps), strict=True):
        empty = [{"created_by": step, "empty_layer": True} for step in own]
        history: list[dict[str, object]] = [{"created_by": "COPY x /"}, *empty]
        write_image(build_image([[file("x", b"x")]], tag="a/b:1", history=history), path, "oci-dir")
    out = answer("diff", *images, "--only", "history")[1].decode()
    assert f"~ {told}\n" in out


def test_a_layer_that_was_built_anew_is_told_once(answer: Answer, tmp_path: Path) -> None:
    """With its numbers in both images; one of another instruction came or went."""
    images = [tmp_path / "one", tmp_path / "two"]
    steps = (("ADD x /", "RUN make", "RUN old"), ("ADD x /", "RUN new", "RUN make"))
    for path, own in zip(images, steps, strict=True):
        layers = [[file(f"x{number}", (path.name if number else "x").encode())] for number in range(3)]
        history = [{"created_by": step} for step in own]
        write_image(build_image(layers, tag="a/b:1", history=history), path, "oci-dir")
    out = answer("diff", *images, "--only", "layers")[1].decode().partition("Layers  1 shared\n")[2]
    rows = [" ".join([*line.split()[:2], line.partition(" B ")[2].strip()]) for line in out.splitlines()[1:]]
    assert [" ".join(row.split()) for row in rows] == [
        "\N{EN DASH} 1 added RUN new",
        "1 2 built anew RUN make",
        "2 \N{EN DASH} removed RUN old",
    ]
    assert "- built anew 2: `RUN make`" in answer("diff", *images, "-o", "markdown")[1].decode()
    assert "<td>built anew</td>" in answer("diff", *images, "-o", "html")[1].decode()
    layers = json.loads(answer("diff", *images, "-o", "json")[1])["layers"]
    assert [each["fate"] for each in layers] == ["shared", "added", "added", "removed", "removed"]
