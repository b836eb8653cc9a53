"""`layerscope fix IMAGE --file Dockerfile`: the diff that a person reads is one that `git apply` and `patch` take."""

import itertools
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from support.images import load_recipe, write_image

Answer = Callable[..., tuple[int, bytes, str]]

RECIPE = """\
purpose = "A package manager's cache."
tag = "fixtures/cache:1.0"
created = 2026-03-02T10:09:00Z

[config]
cmd = ["/bin/sh"]

[[steps]]
created = 2026-03-02T10:00:00Z
created_by = "ADD rootfs.tar / # buildkit"
entries = [{ dir = "bin" }, { dir = "diff" }, { file = "bin/sh", mode = 0o755, elf = { executable = true } }]

[[steps]]
created = 2026-03-02T10:02:00Z
created_by = "RUN /bin/sh -c pip install numpy # buildkit"
entries = [{ file = "root/.cache/pip/http/{n:02}/body", count = 10, size = 200000, pattern = "wheel {n} " }]
"""
BOTH = f"""{RECIPE.replace("diff", "both")}
[[steps]]
created = 2026-03-02T10:03:00Z
created_by = "RUN /bin/sh -c rm -rf /opt/sdk # buildkit"
entries = [{{ whiteout = "opt/sdk" }}]
""".replace("wheel {n} ", 'wheel {n} " }, { file = "opt/sdk", size = 3000000, pattern = "sdk ')
BEFORE = """\
FROM base

RUN pip install \\
\tnumpy

CMD ["/bin/sh"]
"""
LONG = f"# {'a remark that is longer than the lines of any terminal ' * 5}\n"


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The image of the recipe above."""
    place = tmp_path_factory.mktemp("cache")
    (place / "image.toml").write_text(RECIPE)
    write_image(load_recipe(place).build(), place / "image", "oci-dir")
    return place / "image"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the command."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "shown_as",
    list(itertools.product(["terminal", "markdown"], [("git", "apply"), ("patch", "--binary", "-p1")])),
    ids=repr,
)
@pytest.mark.parametrize(
    "text",
    [
        BEFORE,
        BEFORE.replace("\n", "\r\n"),
        BEFORE.replace("\nRUN", f"{LONG}RUN"),
        BEFORE.replace("\n\tnumpy", "  \n\tnumpy  "),
        f"\ufeff{BEFORE}",
    ],
    ids=["tabs", "crlf", "long lines", "space at ends", "byte order"],
)
def test_the_diff_that_is_shown_applies(
    answer: Answer, image: Path, folder: Path, shown_as: tuple[str, tuple[str, ...]], text: str
) -> None:
    """Whatever the file's lines are like, it becomes what `--write` makes of it."""
    form, tool = shown_as
    place = folder / "Dockerfile"
    place.write_text(text, newline="")
    out = answer("fix", image, "--file", "Dockerfile", "-o", form)[1].decode()
    shown = out[out.index("--- a/Dockerfile") :].partition("\n```" if form == "markdown" else "\n1 change; then")[0]
    subprocess.run(tool, input=f"{shown}\n".encode(), check=True, cwd=folder, capture_output=True)
    applied = place.read_bytes()
    place.write_text(text, newline="")
    answer("fix", image, "--file", "Dockerfile", "--write")
    assert applied == place.read_bytes()
    assert b"--no-cache-dir" in applied


def test_what_could_deceive_is_written_out_in_a_diff(answer: Answer, image: Path, folder: Path) -> None:
    """A carriage return within a line would put its rest over its start."""
    (folder / "Dockerfile").write_text(BEFORE.replace("base\n\n", "base\n# a\rb\x1b[2Jc\n"), newline="")
    out = answer("fix", image, "--file", "Dockerfile")[1].decode()
    assert "\n # a\\rb\\x1b[2Jc\n" in out


def test_a_diff_on_a_terminal_has_its_colours_and_lines_as_they_are(
    answer: Answer, image: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line longer than the terminal keeps its sign and all its words: the terminal wraps it."""
    (folder / "Dockerfile").write_text(BEFORE.replace("\nRUN", f"{LONG}RUN"))
    monkeypatch.setenv("FORCE_COLOR", "1")
    out = answer("fix", image, "--file", "Dockerfile")[1].decode()
    assert f"{LONG.rstrip()}" in out
    assert "\x1b[32m+RUN pip install --no-cache-dir \\\x1b[0m\n" in out


def test_what_is_written_first_is_no_hindrance_to_the_rest(
    answer: Answer, tmp_path_factory: pytest.TempPathFactory, folder: Path
) -> None:
    """The safe changes, then those that somebody has read, of the same line, with no build in between."""
    place = tmp_path_factory.mktemp("both")
    (place / "image.toml").write_text(BOTH)
    write_image(load_recipe(place).build(), place / "image", "oci-dir")
    dockerfile = folder / "Dockerfile"
    dockerfile.write_text("FROM base\nRUN pip install numpy\nRUN rm -rf /opt/sdk\n")
    answer("fix", place / "image", "--file", "Dockerfile", "--write")
    assert dockerfile.read_text() == "FROM base\nRUN pip install --no-cache-dir numpy\nRUN rm -rf /opt/sdk\n"
    answer("fix", place / "image", "--file", "Dockerfile", "--write", "--reviewed")
    assert dockerfile.read_text() == "FROM base\nRUN pip install --no-cache-dir numpy && rm -rf /opt/sdk\n"
