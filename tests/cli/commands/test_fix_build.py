"""`layerscope fix IMAGE --apply --build`: what it refuses, before anything is read or built."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from layerscope.cli import build_fix
from layerscope.fixes.destinations.engine import EngineDestination
from support.docker_archives import Style, write_docker_archive
from support.engine_storage import inspect
from support.engine_stub import EngineStub, run_engine
from support.images import load_recipe, write_image
from support.rebuilt import DOCKERFILE, FIXED, WASTEFUL, write_recipe

Answer = Callable[..., tuple[int, bytes, str]]

BUILD = ("--apply", "--build")
FROM = ("--file", "Dockerfile", "--context", ".")
TO = ("--to", "docker:fixed")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Dockerfile in the folder of the command, and neither an engine nor its program."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    (tmp_path / "Dockerfile").write_text("FROM base\nRUN make\n")
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--build",), "--build: expected --apply beside it"),
        (("--context", "."), "--context: expected --file DOCKERFILE beside it"),
        (("--build-option=--pull",), "--build-option: expected --apply --build beside it"),
        ((*BUILD, *TO), "expected --file DOCKERFILE and --context DIR"),
        ((*BUILD, *TO, "--file", "Dockerfile"), "expected --file DOCKERFILE and --context DIR"),
        ((*BUILD, *FROM), "expected --to docker:NAME or --to podman:NAME"),
        ((*BUILD, *FROM, "--to", "oci-dir:fixed"), "expected --to docker:NAME or --to podman:NAME"),
        ((*BUILD, *FROM, *TO, "--layers"), "expected no --layers, --drop or --compress beside it"),
        *(
            ((*BUILD, *FROM, *TO, *more), "expected no --layers, --drop or --compress beside it")
            for more in (("--drop", "/x"), ("--put", "x:/x"), ("--merge", "0-1"), ("--rebase", "x"), ("--times", "0"))
        ),
        ((*BUILD, *TO, "--file", "Dockerfile", "--context", "Dockerfile"), "--context 'Dockerfile': expected a folder"),
        ((*BUILD, *FROM, *TO, "--build-option=-tx"), "expected none that layerscope gives the builder itself"),
        (
            (*BUILD, *FROM, *TO, "--build-option=--platform=bogus"),
            "--build-option '--platform=bogus': expected one platform, as linux/amd64\n",
        ),
        ((*BUILD, *FROM, *TO, "--build-option=--build-arg"), "'--build-arg': expected NAME=VALUE, or NAME, behind"),
        (
            (*BUILD, *FROM, *TO, "--target", "nosuch"),
            "--target 'nosuch': expected a stage of the Dockerfile, which have",
        ),
        ((*BUILD, *FROM, *TO, "--offline"), "--offline: expected no --build beside it"),
    ],
    ids=" ".join,
)
def test_a_wrong_use_is_told_before_anything_is_read(answer: Answer, arguments: tuple[str, ...], told: str) -> None:
    """Exit code 2; that there is no such image is not even noticed."""
    code, out, err = answer("fix", "oci-dir:none", *arguments)
    assert (code, out) == (2, b"")
    assert told in err


def test_a_builder_that_is_not_installed_is_told(answer: Answer) -> None:
    """Exit code 3, in one line, with what to install."""
    code, out, err = answer("fix", "oci-dir:none", *BUILD, *FROM, *TO)
    assert (code, out) == (3, b"")
    assert "there is no program 'docker' on PATH: install Docker's command line" in err
    assert err.count("\n") == 1


def test_an_engine_that_is_not_there_is_told(answer: Answer, folder: Path) -> None:
    """Exit code 3; the program is there, and stands for the real one here."""
    (folder / "docker").write_text("#!/bin/sh\nexit 1\n")
    (folder / "docker").chmod(0o755)
    code, _, err = answer("fix", "oci-dir:none", *BUILD, *FROM, *TO)
    assert code == 3
    assert "nothing listens there" in err


@pytest.fixture
def stub(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[EngineStub]:
    """An engine without images, and an image with its Dockerfile that came from elsewhere."""
    write_recipe(folder / "image", WASTEFUL)
    write_image(load_recipe(folder / "image").build(), folder / "image/layout", "oci-dir")
    (folder / "Dockerfile").write_text(DOCKERFILE)
    with run_engine(folder) as engine:
        monkeypatch.setenv("DOCKER_HOST", engine.endpoint.url)
        yield engine


def pretend(folder: Path, script: str) -> None:
    """Put a program in docker's place that has no buildx, and builds as no real one can be made to."""
    (folder / "docker").write_text(f'#!/bin/sh\n[ "$1" = buildx ] && exit 1\n{script}\n')
    (folder / "docker").chmod(0o755)


def test_a_builder_that_is_killed_is_told(answer: Answer, folder: Path, stub: EngineStub) -> None:
    """By the kernel, as where the memory is full; what it said last is told although nobody wanted its output."""
    pretend(folder, "echo sending context; kill -9 $$")
    code, out, err = answer("fix", "oci-dir:image/layout", *BUILD, *FROM, *TO, "--quiet", "-o", "json=r.json")
    assert (code, out) == (1, b"")
    assert err == (
        "layerscope: Not built: the builder ended by signal 9 before any step failed; "
        "docker:fixed:latest stays as it is\n"
        "layerscope: sending context\n"
    )
    assert stub.images == {}


def test_an_option_that_the_builder_refuses_is_wrong_use(answer: Answer, folder: Path, stub: EngineStub) -> None:
    """Exit code 2, in the builder's own words: no step failed, and nothing was built."""
    pretend(folder, "echo 'unknown flag: --nonsense' >&2; exit 125")
    code, out, err = answer("fix", "oci-dir:image/layout", *BUILD, *FROM, *TO, "--build-option=--nonsense")
    assert (code, out) == (2, b"")
    assert err.splitlines()[-1] == (
        "layerscope: error: --build-option: docker build does not take it: unknown flag: --nonsense"
    )
    assert stub.images == {}


def test_a_builder_that_makes_nothing_is_told(answer: Answer, folder: Path, stub: EngineStub) -> None:
    """It says that all is well, and the engine knows of no image."""
    pretend(folder, "echo done")
    code, _, err = answer("fix", "oci-dir:image/layout", *BUILD, *FROM, *TO)
    assert code == 3
    assert "has no image localhost/layerscope-fix-" in err
    assert stub.images == {}


@pytest.mark.parametrize("is_changed", [True, False])
def test_a_dockerfile_that_was_changed_meanwhile_leaves_the_image_without_its_name(
    answer: Answer, folder: Path, stub: EngineStub, monkeypatch: pytest.MonkeyPatch, *, is_changed: bool
) -> None:
    """It is compared before the name is given, so that both are done or none."""
    pretend(folder, "exit 1")
    named: list[str] = []
    stub.info = {"Driver": "vfs", "DockerRootDir": str(folder / "none")}
    write_recipe(folder / "new", FIXED)
    built = load_recipe(folder / "new").build()
    write_docker_archive(built, folder / "new.tar", style=Style.DOCKER_20)

    def build(command: Sequence[str], *_: object) -> int:
        name = command[list(command).index("-t") + 1]
        image = inspect(built, export=(folder / "new.tar").read_bytes())
        stub.images |= {name: image, str(image.inspected["Id"]): image}
        if is_changed:
            (folder / "Dockerfile").write_text("FROM other\n")
        return 0

    monkeypatch.setattr(build_fix, "run_builder", build)
    monkeypatch.setattr(EngineDestination, "give_name", lambda _, image: named.append(image))
    arguments = (*BUILD, *FROM, *TO, "--write", "--reviewed", "--only", "LAY104")
    code, _, err = answer("fix", "oci-dir:image/layout", *arguments)
    assert (code, len(named)) == ((2, 0) if is_changed else (0, 1)), err
    assert ("'Dockerfile': it was changed since it was read; nothing was written" in err) is is_changed
    assert ("--no-cache-dir" in (folder / "Dockerfile").read_text()) is not is_changed
    assert not any("layerscope-fix" in name for name in stub.images)


def offer_unprobed(folder: Path, stub: EngineStub) -> str:
    """Give the engine an image that no probe starts; returns its name."""
    write_recipe(folder / "unprobed", WASTEFUL, config='env = ["LD_PRELOAD=/opt/trace.so"]')
    image = load_recipe(folder / "unprobed").build()
    write_docker_archive(image, folder / "export.tar", style=Style.DOCKER_20)
    stub.info = {"Driver": "overlay2", "DockerRootDir": str(folder / "root")}
    known = inspect(image, export=(folder / "export.tar").read_bytes())
    stub.images |= dict.fromkeys(("app:1", str(known.inspected["Id"])), known)
    return "docker:app:1"


@pytest.mark.parametrize(
    "how", [(*BUILD, *FROM), ("--apply", "--layers"), ("--apply", "--layers", "--drop", "/root/.cache")], ids=" ".join
)
def test_an_image_that_cannot_be_probed_is_told_before_anything_is_made(
    answer: Answer, folder: Path, stub: EngineStub, how: tuple[str, ...]
) -> None:
    """Exit code 5; the builder was not run, and nothing was loaded to be tried."""
    pretend(folder, "touch built")
    code, out, err = answer("fix", offer_unprobed(folder, stub), *how, *TO, "--probe", "--reviewed")
    assert (code, out) == (5, b""), err
    assert "its environment sets LD_PRELOAD" in err
    assert not (folder / "built").exists()
    assert stub.loaded == []


def test_a_fix_with_nothing_to_do_probes_nothing(answer: Answer, folder: Path, stub: EngineStub) -> None:
    """It would be minutes for an image that stays as it is."""
    pretend(folder, "touch built")
    name = offer_unprobed(folder, stub)
    code, _, err = answer("fix", name, *BUILD, *FROM, *TO, "--probe", "--only", "CONF013")
    assert code == 0, err
    assert "LD_PRELOAD" not in err
    assert not (folder / "built").exists()


IGNORED = """\
FROM base
COPY weights/ /opt/weights/
RUN rm -rf /opt/weights/old
"""
DELETING = (
    ("COPY weights/ /opt/weights/ # buildkit", '{ file = "opt/weights/old/a", size = 9000000, pattern = "old" }'),
    ("RUN /bin/sh -c rm -rf /opt/weights/old # buildkit", '{ whiteout = "opt/weights/old" }'),
)


@pytest.fixture
def deleting(folder: Path, stub: EngineStub) -> Path:
    """An image that deletes what it copies, and the folder that it was built from."""
    del stub
    write_recipe(folder / "deleting", DELETING)
    write_image(load_recipe(folder / "deleting").build(), folder / "deleting/layout", "oci-dir")
    (folder / "weights/old").mkdir(parents=True)
    (folder / "Dockerfile").write_text(IGNORED)
    return folder


def build_from(
    monkeypatch: pytest.MonkeyPatch, folder: Path, stub: EngineStub, steps: tuple[tuple[str, str], ...]
) -> list[str]:
    """Have the builder make an image of these steps; returns the list of those that are given the name."""
    pretend(folder, "exit 1")
    stub.info = {"Driver": "vfs", "DockerRootDir": str(folder / "none")}
    write_recipe(folder / "new", steps)
    built = load_recipe(folder / "new").build()
    write_docker_archive(built, folder / "new.tar", style=Style.DOCKER_20)
    named: list[str] = []

    def build(command: Sequence[str], *_: object) -> int:
        name = command[list(command).index("-t") + 1]
        image = inspect(built, export=(folder / "new.tar").read_bytes())
        stub.images |= {name: image, str(image.inspected["Id"]): image}
        return 0

    monkeypatch.setattr(build_fix, "run_builder", build)
    monkeypatch.setattr(EngineDestination, "give_name", lambda _, image: named.append(image))
    return named


@pytest.mark.parametrize("is_cured", [True, False])
def test_what_the_files_hold_already_is_built_and_proved(
    answer: Answer, deleting: Path, stub: EngineStub, monkeypatch: pytest.MonkeyPatch, *, is_cured: bool
) -> None:
    """As after `--write` without a build: no edit is left, and the image is older than the ignore file."""
    (deleting / ".dockerignore").write_text("weights/old\n")
    kept = ((DELETING[0][0], DELETING[0][1].replace("old", "new")), (DELETING[1][0], ""))
    named = build_from(monkeypatch, deleting, stub, kept if is_cured else DELETING)
    code, out, err = answer("fix", "oci-dir:deleting/layout", *BUILD, *FROM, *TO, "--only", "LAY101")
    assert (code, len(named)) == ((0, 1) if is_cured else (1, 0)), err
    told = "LAY101 without an edit: line 2 copies them, and .dockerignore names weights/old already"
    assert told in " ".join(out.decode().split())


@pytest.mark.parametrize("is_cured", [True, False])
def test_an_edit_that_was_written_before_is_built_and_proved(
    answer: Answer, folder: Path, stub: EngineStub, monkeypatch: pytest.MonkeyPatch, *, is_cured: bool
) -> None:
    """The Dockerfile has the step otherwise; an image that has the finding still is not kept."""
    (folder / "Dockerfile").write_text(DOCKERFILE.replace("pip install", "pip install --no-cache-dir"))
    named = build_from(monkeypatch, folder, stub, FIXED[:1] + WASTEFUL[1:] if is_cured else WASTEFUL)
    code, out, err = answer("fix", "oci-dir:image/layout", *BUILD, *FROM, *TO, "--only", "LAY104")
    assert (code, len(named)) == ((0, 1) if is_cured else (1, 0)), err
    told = "LAY104 without an edit: line 3 has --no-cache-dir already: build the image again"
    assert told in " ".join(out.decode().split())


def test_a_report_that_cannot_be_told_leaves_the_image_and_the_files(
    answer: Answer, deleting: Path, stub: EngineStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both are there already, which is said; exit code 2."""
    kept = ((DELETING[0][0], DELETING[0][1].replace("old", "new")), (DELETING[1][0], ""))
    named = build_from(monkeypatch, deleting, stub, kept)
    arguments = (*BUILD, *FROM, *TO, "--only", "LAY101", "--write", "-q", "-o", "json=/dev/full")
    code, _, err = answer("fix", "oci-dir:deleting/layout", *arguments)
    assert (code, len(named)) == (2, 1), err
    assert err.endswith("No space left on device; docker:fixed:latest is the new image all the same\n")
    assert (deleting / ".dockerignore").read_text() == "weights/old\n.dockerignore\n"


def test_a_list_that_the_builder_does_not_see_is_told(answer: Answer, deleting: Path) -> None:
    """The classic builder reads the context's own alone: nothing is built, and nothing written."""
    pretend(deleting, "touch built")
    code, _, err = answer("fix", "oci-dir:deleting/layout", *BUILD, *FROM, *TO)
    assert code == 0
    assert (
        "LAY101 is not cured by this build (Name weights/old in .dockerignore: line 2 copies what line 3 deletes): "
        "docker build reads .dockerignore in the context, which is changed with --write alone\n"
    ) in err
    assert not (deleting / "built").exists()
    assert not (deleting / ".dockerignore").exists()


def test_a_build_that_breaks_puts_files_back(answer: Answer, deleting: Path) -> None:
    """With --write, they are changed while it runs."""
    pretend(deleting, f"read line < {deleting}/.dockerignore; echo $line > {deleting}/seen; exit 1")
    code, _, err = answer("fix", "oci-dir:deleting/layout", *BUILD, *FROM, *TO, "--write")
    assert code == 1
    assert ".dockerignore: written for the build, and put back unless the image is proved\n" in err
    assert (deleting / "seen").read_text() == "weights/old\n"
    assert not (deleting / ".dockerignore").exists()
    assert (deleting / "Dockerfile").read_text() == IGNORED


@pytest.mark.parametrize(("name", "code"), [("HUP", 129), ("QUIT", 131)])
def test_a_terminal_that_goes_puts_files_back(answer: Answer, deleting: Path, name: str, code: int) -> None:
    """The builder is ended, too, and nothing of it stays among the temporary files."""
    script = f"read line < {deleting}/.dockerignore; echo $line > {deleting}/seen; kill -{name} $PPID"
    pretend(deleting, f"{script}; while :; do :; done")
    done, _, err = answer("fix", "oci-dir:deleting/layout", *BUILD, *FROM, *TO, "--write")
    assert done == code, err
    assert (deleting / "seen").read_text() == "weights/old\n"
    assert not (deleting / ".dockerignore").exists()
