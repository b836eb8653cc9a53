"""`layerscope fix IMAGE --apply --build`: what it refuses, before anything is read or built."""

from collections.abc import Callable
from pathlib import Path

import pytest

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
        (("--context", "."), "--context and --build-option: expected --apply --build beside them"),
        (("--build-option=--pull",), "--context and --build-option: expected --apply --build beside them"),
        ((*BUILD, *TO), "expected --file DOCKERFILE and --context DIR"),
        ((*BUILD, *TO, "--file", "Dockerfile"), "expected --file DOCKERFILE and --context DIR"),
        ((*BUILD, *FROM), "expected --to docker:NAME or --to podman:NAME"),
        ((*BUILD, *FROM, "--to", "oci-dir:fixed"), "expected --to docker:NAME or --to podman:NAME"),
        ((*BUILD, *FROM, *TO, "--layers"), "expected no --layers, --drop or --compress beside it"),
        ((*BUILD, *FROM, *TO, "--drop", "/x"), "expected no --layers, --drop or --compress beside it"),
        ((*BUILD, *TO, "--file", "Dockerfile", "--context", "Dockerfile"), "--context 'Dockerfile': expected a folder"),
        ((*BUILD, *FROM, *TO, "--build-option=-tx"), "expected none that layerscope gives the builder itself"),
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
