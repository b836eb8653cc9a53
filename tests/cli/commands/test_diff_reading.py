"""How a comparison reads: on terminals of any width, in a merge request, in a browser."""

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import pytest

from support.built_image import build_image
from support.images import write_image
from support.report_checks import check_html
from support.tar_writer import TarMember, file

Answer = Callable[..., tuple[int, bytes, str]]

SITE: Final = "usr/local/lib/python3.11/dist-packages"
LONG: Final = f"{SITE}/numpy/linalg/_umath_linalg.cpython-311-x86_64-linux-gnu.so"
METADATA: Final = b"Metadata-Version: 2.1\nName: numpy\nVersion: %s\n"
WRITTEN: Final[tuple[dict[str, Any], ...]] = (
    {"Image": "sha256:" + "1" * 64, "Hostname": "39b3b34fb1d4"},
    {"Image": "sha256:" + "2" * 64, "Hostname": "f4e2d20722bf"},
)
"""What the classic builder writes into the config of each image."""


def write(folder: Path, name: str, members: Sequence[TarMember] = (), **runtime: object) -> Path:
    """An image of one layer."""
    write_image(build_image([[file("etc/reading", b"a"), *members]], runtime=runtime), folder / name, "oci-dir")
    return folder / name


@pytest.fixture
def releases(tmp_path: Path) -> tuple[Path, Path]:
    """Two releases, of which the second has another numpy, user, entrypoint, and a health check."""
    packages = [file(f"{SITE}/numpy-1.26.4.dist-info/METADATA", METADATA % b"1.26.4"), file(LONG, b"x" * 500)]
    later = [file(f"{SITE}/numpy-2.2.0.dist-info/METADATA", METADATA % b"2.2.0"), file(LONG, b"y" * 7_654_321)]
    version = "org.opencontainers.image.version"
    before = write(
        tmp_path, "1.4", packages, User="app", Labels={version: "1.4"},
        Entrypoint=["/usr/bin/python3", "/app/serve.py"],
        **WRITTEN[0],
    )  # fmt: skip
    after = write(
        tmp_path, "1.5", later, User="root", Tty=True, Labels={version: "1.5"},
        Entrypoint=["/usr/bin/python3", "-u", "/app/serve.py", "--port", "8000"],
        Healthcheck={"Test": ["CMD-SHELL", "curl -f http://localhost:8000/health"]}, **WRITTEN[1],
    )  # fmt: skip
    return before, after


@pytest.mark.parametrize("width", [80, 100, 120])
def test_no_line_is_too_wide_and_none_begins_before_its_section(
    answer: Answer, releases: tuple[Path, Path], on_terminal: None, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    """What goes on below itself is indented, a path breaks at a slash, and a number stands with its unit."""
    del on_terminal
    monkeypatch.setenv("COLUMNS", str(width))
    lines = answer("diff", *releases, "--no-color")[1].decode().splitlines()
    begins = re.compile(r"before |after |~ |To know first|Packages|Size|the same|the digest|[A-Z][a-z]+  |History|$| ")
    assert all(begins.match(line) for line in lines)
    assert not [line for line in lines if len(line) > width]
    assert not [line for line in lines if re.search(r"\d$", line) and not re.search(r"[=.:>\w→ -]\d+$|\"8000\"", line)]
    name = LONG.rpartition("/")[2]
    assert any(line.strip().startswith(name) or f"/{LONG}" in line for line in lines)
    assert any("+7.7 MB" in line for line in lines)
    assert f"~ config.Labels.org.opencontainers.image.version{' ' * 2}1.4 → 1.5" in "\n".join(lines)


def test_in_a_pipe_only_a_path_is_too_wide(
    answer: Answer, releases: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has its line for itself, behind what leads it."""
    monkeypatch.setenv("COLUMNS", "80")
    lines = answer("diff", *releases)[1].decode().splitlines()
    wide = [line for line in lines if len(line) > 80]
    assert any(line.endswith(f"/{LONG}") for line in wide)
    assert [line for line in wide if not re.fullmatch(r"(.*  |before )?(oci-dir:)?/\S+", line)] == []


def test_values_that_do_not_fit_beside_each_other_stand_below(
    answer: Answer, releases: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both are whole on lines of their own, in one column."""
    monkeypatch.setenv("COLUMNS", "80")
    lines = answer("diff", *releases, "--only", "config")[1].decode().splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith(" ~ config.Entrypoint"))
    first, second = lines[at : at + 2]
    assert first.endswith('  ["/usr/bin/python3", "/app/serve.py"]')
    assert second.strip().startswith('→ ["/usr/bin/python3", "-u",')
    assert second.index("→") == first.index("[")


@pytest.mark.parametrize("form", ["terminal", "markdown", "html"])
def test_risks_come_first_then_packages_then_size(answer: Answer, releases: tuple[Path, Path], form: str) -> None:
    """Then everything that they rest on."""
    text = answer("diff", *releases, "-o", form)[1].decode()
    text = text[text.index("</nav>") :] if form == "html" else text
    places = [text.index(title) for title in ("To know first", "Packages", "Size", "Config", "Files")]
    assert places == sorted(places)


def test_what_the_builder_writes_anew_is_one_line(
    answer: Answer, document: Callable[..., Any], releases: tuple[Path, Path]
) -> None:
    """In JSON it is marked; on the page it unfolds, and `--limit 0` shows it elsewhere."""
    told = "2 fields that the builder writes anew each time"
    for form in ("terminal", "markdown"):
        text = answer("diff", *releases, "-o", form)[1].decode()
        assert told in text
        assert "5 config keys differ" in text
        assert "config.Image" not in text.partition("Config")[2]
        assert (
            "config.Image" in answer("diff", *releases, "-o", form, "--limit", "0")[1].decode().partition("Config")[2]
        )
    page = check_html(answer("diff", *releases, "-o", "html")[1].decode())
    assert told in page.texts
    marks = {each["name"]: each["by_builder"] for each in document("diff", *releases)["config"]}
    assert {name for name, mark in marks.items() if mark} == {"config.Image", "config.Hostname"}
    assert marks["config.User"] is False
    assert marks["config.Tty"] is False


@pytest.mark.parametrize("form", ["terminal", "markdown", "html"])
def test_what_the_builder_writes_is_told_where_nothing_else_differs(answer: Answer, tmp_path: Path, form: str) -> None:
    """Else the report would tell of a difference and show none."""
    before, after = write(tmp_path, "one", **WRITTEN[0]), write(tmp_path, "two", **WRITTEN[1])
    code, out, _ = answer("diff", before, after, "-o", form)
    assert (code, "config.Image" in out.decode().partition("Config")[2]) == (1, True)
    assert "anew each time" not in out.decode()


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ({"User": "a"}, {"User": "b"}, "1 config key differs"),
        ({}, {"Env": ["A=1", "B=2"]}, "2 config keys differ"),
    ],
)
def test_one_differs_and_several_differ(
    answer: Answer, tmp_path: Path, before: dict[str, Any], after: dict[str, Any], told: str
) -> None:
    """What does not differ is not counted."""
    images = write(tmp_path, "one", **before), write(tmp_path, "two", **after)
    for form in ("terminal", "markdown", "html"):
        text = answer("diff", *images, "-o", form)[1].decode()
        assert told in text
        assert "0 files" not in text


def test_history_alone_is_what_differs(answer: Answer, tmp_path: Path) -> None:
    """The verdict names it."""
    for name in ("one", "two"):
        image = build_image([[file("etc/reading", b"a")]], history=[{"created_by": f"RUN {name}"}])
        write_image(image, tmp_path / name, "oci-dir")
    assert "1 build step differs\n" in answer("diff", tmp_path / "one", tmp_path / "two")[1].decode()


def test_the_page_says_once_why_the_digest_differs(answer: Answer, releases: tuple[Path, Path]) -> None:
    """A line for each cause, those of a person first."""
    page = check_html(answer("diff", *releases, "-o", "html")[1].decode())
    assert page.texts.count("digest differs by") == 1
    causes = json.loads(answer("diff", *releases, "-o", "json")[1])["digest"]
    assert len(causes) > 1
    for cause in causes:
        assert any(text.startswith(cause["text"]) for text in page.texts)
    config = next(each for each in causes if each["name"] == "config")
    assert "config.Image" not in config["details"][:4]


def test_a_health_check_comes_and_goes(answer: Answer, tmp_path: Path) -> None:
    """One that is new is not another one."""
    plain = write(tmp_path, "plain")
    checked = write(tmp_path, "checked", Healthcheck={"Test": ["CMD", "/a"], "Interval": 5})
    other = write(tmp_path, "other", Healthcheck={"Test": ["CMD", "/b"], "Interval": 5})
    assert "a health check is declared" in answer("diff", plain, checked)[1].decode()
    assert "the health check is gone" in answer("diff", checked, plain)[1].decode()
    assert "the health check is another one" in answer("diff", checked, other)[1].decode()


def test_fields_of_the_builder_are_not_counted_beside_other_changes(answer: Answer, tmp_path: Path) -> None:
    """The config has them in one line, and the verdict counts what a person changed."""
    before = write(tmp_path, "one", **WRITTEN[0])
    after = write(tmp_path, "two", [file("etc/b", b"b")], **WRITTEN[1])
    for form in ("terminal", "markdown", "html"):
        text = answer("diff", before, after, "-o", form)[1].decode()
        assert "2 fields that the builder writes anew each time" in text
        assert "1 file differs" in text
        assert "config.Image" not in text.partition("History")[2] or form == "html"
