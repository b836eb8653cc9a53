"""`layerscope fix IMAGE --file Dockerfile`: files beside it are shown in the diff, and all are written or none."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from layerscope.cli import written_files
from support.images import load_recipe, write_image

Answer = Callable[..., tuple[int, bytes, str]]

RECIPE = """\
purpose = "Tests that are copied and deleted, and a cache."
tag = "fixtures/files:1.0"
created = 2026-03-02T10:09:00Z

[config]
cmd = ["/bin/sh"]

[[steps]]
created = 2026-03-02T10:00:00Z
created_by = "ADD rootfs.tar / # buildkit"
entries = [{ dir = "bin" }, { file = "bin/sh", mode = 0o755, elf = { executable = true } }]

[[steps]]
created = 2026-03-02T10:01:00Z
created_by = "RUN /bin/sh -c pip install numpy # buildkit"
entries = [{ file = "root/.cache/pip/http/{n:02}/body", count = 10, size = 200000, pattern = "wheel {n} " }]

[[steps]]
created = 2026-03-02T10:02:00Z
created_by = "COPY . /app/ # buildkit"
entries = [
    { file = "app/tests/shard-{n}.bin", count = 4, size = 2000000, pattern = "weights {n} " },
    { file = "app/main.py", size = 10, pattern = "x" },
]

[[steps]]
created = 2026-03-02T10:03:00Z
created_by = "RUN /bin/sh -c rm -rf /app/tests # buildkit"
entries = [{ whiteout = "app/tests" }]
"""
BEFORE = """\
FROM base
RUN pip install numpy
COPY . /app/
RUN rm -rf /app/tests
CMD ["/bin/sh"]
"""
AFTER = BEFORE.replace("install", "install --no-cache-dir")


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The image of the recipe above."""
    folder = tmp_path_factory.mktemp("files")
    (folder / "image.toml").write_text(RECIPE)
    write_image(load_recipe(folder).build(), folder / "image", "oci-dir")
    return folder / "image"


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that it was built from, which is the command's."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tests").mkdir()
    (tmp_path / "Dockerfile").write_text(BEFORE)
    return tmp_path


def test_all_files_are_in_one_diff(answer: Answer, image: Path, context: Path) -> None:
    """One that is not there yet comes from /dev/null; nothing is written."""
    code, out, _ = answer("fix", image, "--file", "Dockerfile")
    told = out.decode().partition("In the Dockerfile and .dockerignore\n")[2]
    assert code == 1
    assert told.startswith(
        "LAY101 Name tests in .dockerignore: line 3 copies what line 4 deletes (safe)\n"
        "LAY104 Let pip keep no cache in line 2 (safe)\n\n--- a/Dockerfile\n+++ b/Dockerfile\n"
    )
    assert (
        "--- /dev/null\n+++ b/.dockerignore\n@@ -0,0 +1,2 @@\n+tests\n+.dockerignore\n\n"
        "2 changes; then: docker build -t IMAGE .\n" in told
    )
    assert list_files(context) == ["Dockerfile"]


def test_a_program_and_a_merge_request_get_the_files_too(answer: Answer, image: Path, context: Path) -> None:
    """Each step has the patch of its file."""
    document = json.loads(answer("fix", image, "--file", "Dockerfile", "-o", "json")[1])
    patches = {step["removes"][0]: step["patch"] for step in document["plan"]["steps"]}
    assert patches["LAY101"] == "--- /dev/null\n+++ b/.dockerignore\n@@ -0,0 +1,2 @@\n+tests\n+.dockerignore\n"
    assert document["dockerfile"]["files"] == [
        {"path": "Dockerfile", "is_new": False},
        {"path": ".dockerignore", "is_new": True},
    ]
    assert [each["files"] for each in document["dockerfile"]["edits"]] == [[".dockerignore"], []]
    told = answer("fix", image, "--file", "Dockerfile", "-o", "markdown")[1].decode()
    assert "## In the Dockerfile and `.dockerignore`\n\n- LAY101: " in told
    assert "+++ b/.dockerignore\n@@ -0,0 +1,2 @@\n+tests\n+.dockerignore\n```\n" in told
    assert list_files(context) == ["Dockerfile"]


def test_all_files_are_written_at_once(answer: Answer, image: Path, context: Path) -> None:
    """Modes and line ends stay; a second time there is nothing to name."""
    (context / "Dockerfile").chmod(0o640)
    (context / ".dockerignore").write_bytes(b"# ours\r\n.git")
    (context / ".dockerignore").chmod(0o600)
    _, _, err = answer("fix", image, "--file", "Dockerfile", "--write")
    assert "2 changes written to Dockerfile and .dockerignore" in err
    assert (context / "Dockerfile").read_text() == AFTER
    assert (context / ".dockerignore").read_bytes() == b"# ours\r\n.git\r\ntests\r\n"
    assert [(context / name).stat().st_mode & 0o777 for name in ("Dockerfile", ".dockerignore")] == [0o640, 0o600]
    assert list_files(context) == [".dockerignore", "Dockerfile"]
    (context / "Dockerfile").write_text(BEFORE)
    _, out, _ = answer("fix", image, "--file", "Dockerfile")
    assert ".dockerignore names tests already: build the image again" in " ".join(out.decode().split())


def test_the_mark_of_a_byte_order_stays(answer: Answer, image: Path, context: Path) -> None:
    """Nobody sees it, and it is not written out: the patch applies."""
    (context / "Dockerfile").write_text(f"\ufeff{BEFORE}")
    out = answer("fix", image, "--file", "Dockerfile")[1].decode()
    assert "\n \ufeffFROM base\n" in out
    assert "ufeff" not in out
    document = json.loads(answer("fix", image, "--file", "Dockerfile", "-o", "json")[1])
    assert "\n \ufeffFROM base\n" in document["dockerfile"]["patch"]
    answer("fix", image, "--file", "Dockerfile", "--write")
    assert (context / "Dockerfile").read_text().startswith("\ufeffFROM base\n")


@pytest.mark.parametrize("failing", ["Dockerfile", ".dockerignore"])
def test_where_one_file_cannot_be_written_none_is(
    answer: Answer, image: Path, context: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    """What has its place already gives it back."""
    replace = Path.replace

    def refuse(self: Path, target: Path) -> Path:
        if target.name == failing:
            raise PermissionError(1, "Operation not permitted")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", refuse)
    code, _, err = answer("fix", image, "--file", "Dockerfile", "--write")
    assert code == 2
    assert "Operation not permitted; nothing was written" in err
    assert (context / "Dockerfile").read_text() == BEFORE
    assert list_files(context) == ["Dockerfile"]


@pytest.mark.parametrize("name", ["Dockerfile", ".dockerignore"])
def test_a_file_that_was_changed_meanwhile_leaves_all_as_they_are(
    answer: Answer, image: Path, context: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Be it that it was not there before."""

    def change(proposal: Path) -> None:
        del proposal
        (context / name).write_text("somebody's\n")

    monkeypatch.setattr(written_files, "check_files", told := CheckedLate(written_files.check_files, change))
    code, _, err = answer("fix", image, "--file", "Dockerfile", "--write")
    assert told.is_called
    assert code == 2
    assert f"writing '{name}': it was changed since it was read; nothing was written" in err
    assert (context / name).read_text() == "somebody's\n"
    assert list_files(context) == sorted({name, "Dockerfile"})


def test_a_list_that_is_a_link_out_of_the_context_is_left(answer: Answer, image: Path, context: Path) -> None:
    """One within it is followed, and stays a link."""
    outside = context.parent / f"{context.name}-ignores"
    outside.write_text(".git\n")
    (context / ".dockerignore").symlink_to(outside)
    _, out, _ = answer("fix", image, "--file", "Dockerfile", "--write")
    assert "line 3 copies them, and .dockerignore is a link out of its folder" in " ".join(out.decode().split())
    assert outside.read_text() == ".git\n"
    (context / ".dockerignore").unlink()
    (context / "ignores").write_text(".git\n")
    (context / ".dockerignore").symlink_to("ignores")
    (context / "Dockerfile").write_text(BEFORE)
    answer("fix", image, "--file", "Dockerfile", "--write")
    assert (context / ".dockerignore").is_symlink()
    assert (context / "ignores").read_text() == ".git\ntests\n"


def test_the_context_may_be_another_folder(answer: Answer, image: Path, context: Path) -> None:
    """It is named; without its name, what is copied is looked for beside the Dockerfile."""
    (context / "src/tests").mkdir(parents=True)
    (context / "tests").rmdir()
    _, out, _ = answer("fix", image, "--file", "Dockerfile")
    assert "deletes by a plain path what the context has (--context names it)" in " ".join(out.decode().split())
    _, out, _ = answer("fix", image, "--file", "Dockerfile", "--context", "src", "--write")
    assert (
        "+++ b/src/.dockerignore\n@@ -0,0 +1,2 @@\n+tests\n+.dockerignore\n\n"
        "2 changes; then: docker build -f Dockerfile -t IMAGE src\n" in out.decode()
    )
    assert (context / "src/.dockerignore").read_text() == "tests\n.dockerignore\n"


def test_the_dockerfile_s_own_list_goes_first(answer: Answer, image: Path, context: Path) -> None:
    """A builder reads no other one beside it."""
    (context / "Dockerfile.dockerignore").write_text(".git\n")
    (context / ".dockerignore").write_text(".git\n")
    answer("fix", image, "--file", "Dockerfile", "--write")
    assert (context / "Dockerfile.dockerignore").read_text() == ".git\ntests\n"
    assert (context / ".dockerignore").read_text() == ".git\n"


class CheckedLate:
    """A check of files before which somebody changes one."""

    def __init__(self, check: Callable[..., None], change: Callable[..., None]) -> None:
        """Keep both."""
        self.check, self.change, self.is_called = check, change, False

    def __call__(self, changes: tuple[object, ...]) -> None:
        """Change, and check."""
        self.is_called = True
        self.change(changes)
        self.check(changes)


def list_files(folder: Path) -> list[str]:
    """The names of all files of a folder, temporary ones too."""
    return sorted(path.name for path in folder.iterdir() if not path.is_dir())


@pytest.mark.parametrize(
    ("places", "names", "command"),
    [
        (("", "{top}/b/Dockerfile", None), ["b/Dockerfile", "b/.dockerignore"], "-t IMAGE b"),
        (("", "b/Dockerfile", "b"), ["b/Dockerfile", "b/.dockerignore"], "-t IMAGE b"),
        (("c", "../b/Dockerfile", None), ["Dockerfile", ".dockerignore"], "-t IMAGE ../b"),
        (("c", "../b/Dockerfile", "../b"), ["Dockerfile", ".dockerignore"], "-t IMAGE ../b"),
        (("b", "../d/e.Dockerfile", "."), ["d/e.Dockerfile", "b/.dockerignore"], "-f ../d/e.Dockerfile -t IMAGE ."),
        (("b", "{top}/b/Dockerfile", "../b"), ["Dockerfile", ".dockerignore"], "-t IMAGE ."),
        (("b", "Dockerfile", "{top}/b"), ["Dockerfile", ".dockerignore"], "-t IMAGE ."),
    ],
)
def test_diff_and_command_name_the_files_from_where_they_are_used(
    answer: Answer,
    image: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    places: tuple[str, str, str | None],
    *,
    names: list[str],
    command: str,
) -> None:
    """The patch applies in the command's folder, or in the one that is built from; the command is as it was typed."""
    here, file, folder = places
    (tmp_path / "b/tests").mkdir(parents=True)
    (tmp_path / "c").mkdir()
    (tmp_path / "d").mkdir()
    for each in ("b/Dockerfile", "d/e.Dockerfile"):
        (tmp_path / each).write_text(BEFORE)
    monkeypatch.chdir(tmp_path / here)
    context = [] if folder is None else ["--context", folder.format(top=tmp_path)]
    _, out, _ = answer("fix", image, "--file", file.format(top=tmp_path), *context)
    told = out.decode()
    assert [line.removeprefix("+++ b/") for line in told.splitlines() if line.startswith("+++ ")] == names
    is_near = here in {"", "b"} and not file.startswith("../")
    assert ("Paths begin at /" in " ".join(told.split())) is not is_near
    assert f"then: docker build {command.format(top=tmp_path)}" in " ".join(told.split())
