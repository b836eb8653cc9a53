"""The installed command, as a person runs it; and the same in this process, where only its answer matters."""

import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from layerscope.cli.main import run

COMMAND = Path(sys.executable).with_name("layerscope")
"""The console script beside the interpreter that runs the tests."""


class Answer(NamedTuple):
    """How a run ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def command() -> Path:
    """The path of the installed command."""
    return COMMAND


@pytest.fixture
def layerscope(tmp_path: Path) -> Callable[..., Answer]:
    """Runs the installed command from an empty folder, with a cache of its own."""
    work = tmp_path / "work"
    work.mkdir()

    def start(*arguments: object, stdin: Any = subprocess.DEVNULL) -> Answer:
        done = subprocess.run(
            [COMMAND, *map(str, arguments)],
            cwd=work,
            env=os.environ | {"LAYERSCOPE_CACHE_DIR": str(tmp_path / "cache")},
            stdin=stdin,
            capture_output=True,
            check=False,
            timeout=120,
        )
        return Answer(done.returncode, done.stdout.decode(), done.stderr.decode())

    return start


@pytest.fixture
def ask(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Answer]:
    """Runs layerscope in this process, from an empty folder, with a cache of its own."""
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    monkeypatch.setenv("LAYERSCOPE_CACHE_DIR", str(tmp_path / "cache"))

    def answer(*arguments: object, stdin: Any = None) -> Answer:
        capfdbinary.readouterr()
        with monkeypatch.context() as patched:
            patched.setattr(sys, "stdin", io.TextIOWrapper(stdin or io.BytesIO()))
            code = run([str(argument) for argument in arguments])
        out, err = capfdbinary.readouterr()
        return Answer(code, out.decode(), err.decode())

    return answer
