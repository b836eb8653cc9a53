"""`layerscope fix IMAGE --file Dockerfile`: the diff is shown, and written where that is asked for."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from layerscope.audit.pipeline import audit_image
from layerscope.audit.result import AuditResult
from support.images import load_recipe, write_image

Answer = Callable[..., tuple[int, bytes, str]]

RECIPE = """\
purpose = "A cache, and weights that are shipped twice."
tag = "fixtures/twice:1.0"
created = 2026-03-02T10:09:00Z

[config]
cmd = ["/bin/sh"]

[[steps]]
created = 2026-03-02T10:00:00Z
created_by = "ADD rootfs.tar / # buildkit"
entries = [{ dir = "bin" }, { file = "bin/sh", mode = 0o755, elf = { executable = true } }]

[[steps]]
created = 2026-03-02T10:02:00Z
created_by = "RUN /bin/sh -c pip install numpy # buildkit"
entries = [{ file = "root/.cache/pip/http/{n:02}/body", count = 10, size = 200000, pattern = "wheel {n} " }]

[[steps]]
created = 2026-03-02T10:03:00Z
created_by = "COPY weights/ /opt/weights/ # buildkit"
entries = [{ file = "opt/weights/shard-{n}.bin", count = 4, size = 2000000, pattern = "weights {n} ", uid = 0 }]

[[steps]]
created = 2026-03-02T10:04:00Z
created_by = "RUN /bin/sh -c chown -R 1000:1000 /opt/weights # buildkit"
entries = [{ file = "opt/weights/shard-{n}.bin", count = 4, size = 2000000, pattern = "weights {n} ", uid = 1000 }]
"""
BEFORE = """\
FROM base
# what it needs
RUN pip install numpy
COPY weights/ /opt/weights/
RUN chown -R 1000:1000 /opt/weights
CMD ["/bin/sh"]
"""
AFTER = """\
FROM base
# what it needs
RUN pip install --no-cache-dir numpy
COPY --chown=1000:1000 weights/ /opt/weights/
CMD ["/bin/sh"]
"""


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The image of the recipe above."""
    folder = tmp_path_factory.mktemp("twice")
    (folder / "image.toml").write_text(RECIPE)
    write_image(load_recipe(folder).build(), folder / "image", "oci-dir")
    return folder / "image"


@pytest.fixture
def dockerfile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The Dockerfile that it was built from, in the folder of the command."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "Dockerfile"
    path.write_text(BEFORE)
    path.chmod(0o640)
    return path


def test_the_changes_are_shown_and_nothing_is_written(answer: Answer, image: Path, dockerfile: Path) -> None:
    """By title, as a diff, and with the command that builds the image again."""
    code, out, _ = answer("fix", image, "--file", dockerfile)
    told = out.decode().partition("In the Dockerfile\n")[2]
    assert code == 1
    assert dockerfile.read_text() == BEFORE
    assert told == (
        "LAY103 Copy with --chown=1000:1000 and drop line 5's chown (review)\n"
        "LAY104 Let pip keep no cache in line 3 (safe)\n\n"
        "--- a/Dockerfile\n+++ b/Dockerfile\n@@ -1,6 +1,5 @@\n FROM base\n # what it needs\n"
        "-RUN pip install numpy\n-COPY weights/ /opt/weights/\n-RUN chown -R 1000:1000 /opt/weights\n"
        "+RUN pip install --no-cache-dir numpy\n+COPY --chown=1000:1000 weights/ /opt/weights/\n"
        ' CMD ["/bin/sh"]\n\n2 changes; then: docker build -t IMAGE .\n'
        "No change: CONF009: the image exposes no port for HTTP: which address answers is\nnot known\n"
        "Not in the image's history: line 6\n"
    )


def test_a_program_gets_a_patch_for_each_step(answer: Answer, image: Path, dockerfile: Path) -> None:
    """And one for all together; a step that the Dockerfile has no edit for has none."""
    _, out, _ = answer("fix", image, "--file", dockerfile, "-o", "json")
    document = json.loads(out)
    patches = {step["removes"][0]: step["patch"] for step in document["plan"]["steps"]}
    assert "+RUN pip install --no-cache-dir numpy" in patches["LAY104"]
    assert "+COPY --chown=1000:1000" not in patches["LAY104"]
    assert patches["CONF001"] is None
    assert document["dockerfile"]["patch"].count("\n+") == 3
    assert [(each["code"], each["layer"], each["safety"]) for each in document["dockerfile"]["edits"]] == [
        ("LAY103", 3, "review"),
        ("LAY104", 1, "safe"),
    ]


def test_a_file_of_another_name_is_named_in_diff_and_command(answer: Answer, image: Path, dockerfile: Path) -> None:
    """As it was given, where that is below the folder."""
    dockerfile.rename("app.Dockerfile")
    _, out, _ = answer("fix", image, "--file", "app.Dockerfile")
    assert "--- a/app.Dockerfile\n+++ b/app.Dockerfile\n" in out.decode()
    assert "2 changes; then: docker build -f app.Dockerfile -t IMAGE .\n" in out.decode()


def test_a_merge_request_gets_the_diff_in_a_fence(answer: Answer, image: Path, dockerfile: Path) -> None:
    """Below the plan."""
    _, out, _ = answer("fix", image, "--file", dockerfile, "-o", "markdown")
    assert "## In the Dockerfile\n\n- LAY103: " in out.decode()
    assert "```diff\n--- a/Dockerfile\n+++ b/Dockerfile\n" in out.decode()


def test_the_changes_are_written_at_once(answer: Answer, image: Path, dockerfile: Path) -> None:
    """The file keeps its mode, and no other file is left beside it; a second time there is nothing to write."""
    _, _, err = answer("fix", image, "--file", dockerfile, "--write")
    assert "1 change left out: to be read by somebody first; --reviewed writes all" in err
    assert "1 change written to" in err
    assert dockerfile.read_text() == BEFORE.replace("install numpy", "install --no-cache-dir numpy")
    dockerfile.write_text(BEFORE)
    answer("fix", image, "--file", dockerfile, "--write", "--reviewed")
    assert dockerfile.read_text() == AFTER
    assert dockerfile.stat().st_mode & 0o777 == 0o640
    assert list(dockerfile.parent.iterdir()) == [dockerfile]


def test_a_file_of_another_image_is_left_as_it_is(answer: Answer, image: Path, dockerfile: Path) -> None:
    """And that is said."""
    dockerfile.write_text("FROM base\nRUN other\nRUN things\n")
    _, out, err = answer("fix", image, "--file", dockerfile, "--write")
    assert "No change: the image was not built from this Dockerfile" in out.decode()
    assert "is left as it is" in err


def test_a_link_out_of_its_folder_is_not_written_through(answer: Answer, image: Path, dockerfile: Path) -> None:
    """It is read; one within the folder is followed and stays a link."""
    folder = dockerfile.parent / "project"
    folder.mkdir()
    (folder / "Dockerfile").symlink_to(dockerfile)
    assert answer("fix", image, "--file", folder / "Dockerfile")[0] == 1
    code, _, err = answer("fix", image, "--file", folder / "Dockerfile", "--write")
    assert code == 2
    assert "it is a link out of its folder" in err
    (dockerfile.parent / "other").symlink_to("Dockerfile")
    answer("fix", image, "--file", dockerfile.parent / "other", "--write", "--reviewed")
    assert (dockerfile.parent / "other").is_symlink()
    assert dockerfile.read_text() == AFTER


def test_a_file_that_was_changed_meanwhile_is_not_written(
    answer: Answer, image: Path, dockerfile: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody edits it while the image is audited."""

    def change(*arguments: Any, **options: Any) -> AuditResult:
        dockerfile.write_text(BEFORE + "# more\n")
        return audit_image(*arguments, **options)

    monkeypatch.setattr("layerscope.cli.commands.fix.audit_image", change)
    code, _, err = answer("fix", image, "--file", dockerfile, "--write")
    assert code == 2
    assert "it was changed since it was read; nothing was written" in err
    assert dockerfile.read_text() == BEFORE + "# more\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--write"], "expected --file DOCKERFILE beside them"),
        (["--target", "x"], "expected --file DOCKERFILE beside them"),
        (["--file", "none"], "reading 'none': No such file or directory"),
        (["--file", "."], "reading '.': Is a directory"),
        (["--file", "/dev/null"], "expected a file"),
        (["--file", "bad"], "reading 'bad': line 1 starts with 'RIN', no instruction"),
        (["--file", ""], "Invalid value for '--file': expected a path, found nothing"),
        (["--file", "Dockerfile", "--context", ""], "Invalid value for '--context': expected a path, found nothing"),
        (["--file", "Dockerfile", "--reviewed"], "--reviewed: expected --write with --file DOCKERFILE, or --apply"),
        (["--reconstruct", "-o", "json"], "--reconstruct: expected no -o beside it"),
        (["--reconstruct", "-o", "terminal=report"], "--reconstruct: expected no -o beside it"),
        (
            ["--file", "Dockerfile", "--target", "app"],
            "--target 'app': expected a stage of the Dockerfile, which have no names: a number from 0 to 0",
        ),
        (
            ["--file", "Dockerfile", "--apply", "--layers", "--to", "oci-dir:new"],
            "--file and --reconstruct: expected no --apply --layers beside them",
        ),
        (["--file", "Dockerfile", "--reconstruct"], "--reconstruct: expected no --file beside it"),
    ],
)
def test_what_makes_no_sense_is_a_usage_error(
    answer: Answer, dockerfile: Path, arguments: list[str], message: str
) -> None:
    """Exit code 2, with what was expected, before any image is looked for."""
    (dockerfile.parent / "bad").write_text("RIN x\n")
    code, _, err = answer("fix", "oci-dir:none", *arguments)
    assert code == 2
    assert message in err


def test_without_a_dockerfile_one_is_made_of_the_history(answer: Answer, image: Path) -> None:
    """Marked as such."""
    code, out, _ = answer("fix", image, "--reconstruct")
    head, _, lines = out.decode().partition("FROM scratch\n")
    assert code == 0
    assert head.startswith("# Reconstructed by layerscope from the history of ")
    assert lines == (
        "ADD rootfs.tar /\nRUN pip install numpy\nCOPY weights/ /opt/weights/\nRUN chown -R 1000:1000 /opt/weights\n"
    )
