"""Files beside a Dockerfile that `layerscope fix --write` has changed: built again, the findings are gone."""

import json
from pathlib import Path
from typing import Any, Final

import pytest

from layerscope.cli.main import run
from support.build_workshop import Workshop, fix
from support.dockerfile_builds import OLD_NUMPY, PYTHON, ask, build, list_pip, list_shell, read_busybox, write_wheel
from support.live_engines import LiveEngine
from support.live_images import load
from support.python_image import build_python_image

IGNORED: Final = """\
FROM scratch
COPY busybox /bin/busybox
RUN ["/bin/busybox", "--install", "-s", "/bin"]
WORKDIR /app
COPY src .
RUN rm -rf tests /app/notes.bin && echo done
"""
REQUIRED: Final = f"""\
FROM {PYTHON}
ENV PYTHONUNBUFFERED=1
WORKDIR /app
COPY wheels /wheels
COPY requirements.txt constraints*.txt ./
RUN pip install --no-index --find-links /wheels -r requirements.txt
RUN pip install --no-index --find-links /wheels --no-deps acme
"""


@pytest.fixture(autouse=True)
def _own_cache(docker_engine: LiveEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", docker_engine.host)
    monkeypatch.setenv("LAYERSCOPE_CACHE_DIR", str(tmp_path / "cache"))


def compare_builds(
    engine: LiveEngine, context: Path, capfd: pytest.CaptureFixture[str], *options: str
) -> tuple[set[str], set[str]]:
    """The codes that the changed files remove, and those that they bring; the Dockerfile stays as it is."""
    name, dockerfile = context.name.lower(), context / "Dockerfile"
    before = dockerfile.read_text()
    build(engine, context, f"layerscope/{name}:1")
    ask(capfd, "fix", f"docker:layerscope/{name}:1", "--file", str(dockerfile), "--write", *options)
    assert dockerfile.read_text() == before
    build(engine, context, f"layerscope/{name}:2")
    first, last = (
        {each["code"] for each in ask(capfd, "audit", f"docker:layerscope/{name}:{number}")["findings"]}
        for number in (1, 2)
    )
    return first - last, last - first


def test_what_is_deleted_is_left_out_of_the_context(
    docker_engine: LiveEngine, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Safely, since nothing runs between the copy and the deletion; what else is ignored stays so."""
    context = tmp_path / "ignored"
    (context / "src/tests").mkdir(parents=True)
    (context / "busybox").write_bytes(read_busybox())
    (context / "busybox").chmod(0o755)
    (context / "src/tests/data.bin").write_bytes(bytes(3_000_000))
    (context / "src/notes.bin").write_bytes(bytes(1_000_000))
    (context / "src/main.py").write_text("print(1)\n")
    (context / ".dockerignore").write_bytes(b"# not ours\r\n.git")
    (context / "Dockerfile").write_text(IGNORED)
    assert compare_builds(docker_engine, context, capfd) == ({"LAY101"}, set())
    assert (context / ".dockerignore").read_bytes() == b"# not ours\r\n.git\r\nsrc/tests\r\nsrc/notes.bin\r\n"


@pytest.mark.parametrize("has_constraints", [False, True])
def test_a_file_of_requirements_asks_for_what_suits_everyone(
    docker_engine: LiveEngine, tmp_path: Path, capfd: pytest.CaptureFixture[str], *, has_constraints: bool
) -> None:
    """A real pip then finds the older version by itself, by the line of the package or by a constraint."""
    context = write_required(docker_engine, tmp_path / f"required-{has_constraints}", has_constraints=has_constraints)
    more = "-c constraints.txt\n" if has_constraints else ""
    assert compare_builds(docker_engine, context, capfd, "--reviewed") == ({"PY001", "PY007"}, set())
    assert (context / "requirements.txt").read_text() == f"# what it computes by\n{more}numpy<2,>=1.26  # fast\n"
    assert (context / "constraints.txt").read_text() == ("numpy<2,>=1.26" if has_constraints else "numpy >= 1.0")


def test_a_build_has_a_changed_file_of_requirements_with_write_alone(
    docker_engine: LiveEngine, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Without it, the context stays as it is, and that is said; with it, the finding is gone from the new image."""
    context = write_required(docker_engine, tmp_path / "required", has_constraints=True)
    build(docker_engine, context, "layerscope/required:1")
    words = ["fix", "docker:layerscope/required:1", "--file", str(context / "Dockerfile"), "--context", str(context)]
    words += ["--apply", "--build", "--to", "docker:layerscope/required:fixed", "--replace", "--reviewed"]
    words += ["--build-option=--network=none", "-o", "json"]
    before = {path.name: path.read_text() for path in context.glob("*.txt")}
    capfd.readouterr()
    assert run([*words, "--only", "PY001"]) == 0
    said = capfd.readouterr().err
    assert "PY001 is not cured by this build" in said
    assert "a builder reads requirements.txt and constraints.txt in the context" in said
    assert {path.name: path.read_text() for path in context.glob("*.txt")} == before
    assert run([*words, "--only", "PY001", "--only", "PY007", "--write"]) == 0
    out, said = capfd.readouterr()
    report = json.loads(out)
    assert {each["code"] for each in report["removed"]} == {"PY001", "PY007"}
    assert report["added"] == report["objections"] == []
    assert report["build"]["files"] == ["constraints.txt", "requirements.txt"]
    assert "2 changes written to constraints.txt and requirements.txt" in said
    assert (context / "constraints.txt").read_text() == "numpy<2,>=1.26"


def write_required(engine: LiveEngine, context: Path, *, has_constraints: bool) -> Path:
    """A folder with wheels and a file that asks for numpy, which acme wants an older one of."""
    load(engine, build_python_image(PYTHON, *list_shell(), *list_pip()))
    (context / "wheels").mkdir(parents=True)
    for name, version, requires in (
        ("numpy", "1.26.4", ()),
        ("numpy", "2.4.6", ()),
        ("acme", "1.0", ("numpy<2", "numpy>=1.26")),
    ):
        write_wheel(context / "wheels", name, version, requires, OLD_NUMPY if name == "acme" else b"")
    more = "-c constraints.txt\n" if has_constraints else ""
    (context / "requirements.txt").write_text(f"# what it computes by\n{more}numpy  # fast\n")
    (context / "constraints.txt").write_text("numpy >= 1.0")
    (context / "Dockerfile").write_text(REQUIRED)
    return context


CHECKPOINTS: Final = """
FROM base
COPY weights/ /models/
RUN rm -rf /models/checkpoints
CMD ["sh", "-c", "find /models; sha256sum /models/*"]
"""


def test_a_build_leaves_out_what_the_changed_list_names(
    workshop: Workshop,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """BuildKit and podman are given the list; the classic builder has it with --write alone."""
    tag, fixed = "layerscope/build-ignores:1", "layerscope/build-ignores:fixed"
    (workshop.context / "weights/checkpoints").mkdir()
    (workshop.context / "weights/checkpoints/a.bin").write_bytes(bytes(3_000_000))
    workshop.build(CHECKPOINTS, tag)
    listed, is_classic = workshop.context / ".dockerignore", workshop.engine.name == "docker-20.10"
    code, report, said = fix(workshop, monkeypatch, capfd, tag, fixed, "--only", "LAY101", "--replace")
    assert code == 0, said
    assert ("LAY101 is not cured by this build" in said) is is_classic
    assert listed.read_text() == "token\n"
    if not is_classic:
        check_ignored(report)
        assert workshop.run(tag) == workshop.run(fixed)
    code, report, said = fix(workshop, monkeypatch, capfd, tag, fixed, "--only", "LAY101", "--replace", "--write")
    assert code == 0, said
    check_ignored(report)
    assert listed.read_text() == "token\nweights/checkpoints\n"
    assert workshop.run(tag) == workshop.run(fixed)


def check_ignored(report: Any) -> None:
    """That what is deleted is gone from the image, and that nothing else is another."""
    assert "LAY101" in {each["code"] for each in report["removed"]}
    assert report["added"] == report["objections"] == report["files"]["paths"] == []
    assert report["build"]["files"] == [".dockerignore"]
    assert report["sizes"]["content"]["before"] - report["sizes"]["content"]["after"] >= 3_000_000
