"""Commands are asked in this process, on a small image that every test can see whole."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from layerscope.cli.console import Console
from layerscope.cli.main import run
from support.built_image import BuiltImage
from support.compression import Packing
from support.images import build_image, load_fixture, write_image
from support.pushing import make_repository
from support.tar_writer import directory, file, symlink, whiteout

PROGRAM = bytes(range(256)) * 100
"""What no terminal should be sent."""


def build_service() -> BuiltImage:
    """An image of four layers: a system, a program, an application with a secret, and the secret's removal."""
    return build_image(
        [
            [
                directory("etc"),
                file("etc/os-release", b"ID=debian\n"),
                file("etc/passwd", b"app:x:1000:1000::/:/bin/sh\n"),
            ],
            [
                directory("usr/bin"),
                file("usr/bin/python3.11", PROGRAM, mode=0o755),
                symlink("usr/bin/python3", "python3.11"),
            ],
            [
                directory("app"),
                file("app/serve.py", b"print('listening')\n", mode=0o755),
                file("app/.netrc", b"machine example.org login me password Zt7pWq4hYd2k\n", mode=0o600),
                symlink("app/current", "/srv/releases/2"),
            ],
            [whiteout("app/.netrc")],
        ],
        tag="acme/service:1",
        runtime={
            "Env": ["PATH=/usr/bin", "API_TOKEN=vT8mKq2LxWz5RbN7cJ4d"],
            "Entrypoint": ["/usr/bin/python3", "/app/serve.py"],
        },
    )


@pytest.fixture
def plain(tmp_path: Path) -> Callable[[str], str]:
    """Writes a fixture image with layers that are not packed, whose sizes no library decides; returns its name."""

    def write(name: str) -> str:
        write_image(load_fixture(name), tmp_path / name, "oci-dir", packing=Packing.NONE)
        return f"oci-dir:{name}"

    return write


@pytest.fixture(scope="session")
def write_service(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Writes the service's image in a layout and returns where."""
    folder = tmp_path_factory.mktemp("service")

    def write(layout: str) -> Path:
        path = folder / layout.replace(":", "-")
        if not path.exists():
            write_image(build_service(), path, layout)
        return path

    return write


@pytest.fixture
def service(write_service: Callable[[str], Path]) -> Path:
    """The service's image as an OCI layout."""
    return write_service("oci-dir")


@pytest.fixture
def answer(
    capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[..., tuple[int, bytes, str]]:
    """Runs a command and returns its exit code, its output as bytes, and what it said on standard error."""
    monkeypatch.chdir(tmp_path)

    def ask(*arguments: object) -> tuple[int, bytes, str]:
        capfdbinary.readouterr()
        code = run([str(argument) for argument in arguments])
        out, err = capfdbinary.readouterr()
        return code, out, err.decode()

    return ask


@pytest.fixture
def document(answer: Callable[..., tuple[int, bytes, str]]) -> Callable[..., Any]:
    """Runs a command with `-o json` and returns what it printed, parsed."""
    return lambda *arguments: json.loads(answer(*arguments, "-o", "json")[1])


@pytest.fixture
def on_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Standard output passes for a terminal."""
    monkeypatch.setattr(Console, "is_terminal", staticmethod(lambda: True))
    monkeypatch.setenv("COLUMNS", "80")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory as a repository with a remote and a policy, in nobody's configuration but the test's."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
    make_repository(tmp_path)
    return tmp_path
