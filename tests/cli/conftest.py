"""Running the command line: in this process for what it answers, as a process for how it ends."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from layerscope.cli.main import run


class Answer(NamedTuple):
    """What a command line led to."""

    code: int
    out: str
    err: str


Ask = Callable[..., Answer]


@pytest.fixture
def ask(capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Ask:
    """Runs layerscope in this process, from an empty folder."""
    monkeypatch.chdir(tmp_path)

    def answer(*arguments: object) -> Answer:
        capfdbinary.readouterr()
        code = run([str(argument) for argument in arguments])
        out, err = capfdbinary.readouterr()
        return Answer(code, out.decode(), err.decode())

    return answer


@pytest.fixture
def spawn(tmp_path: Path) -> Ask:
    """Runs layerscope as a process of its own, from an empty folder, with `env` added to the environment."""

    def answer(*arguments: object, env: dict[str, str] | None = None, stdin: bytes | None = None) -> Answer:
        command = [sys.executable, "-m", "layerscope", *map(str, arguments)]
        done = subprocess.run(
            command,
            cwd=tmp_path,
            env=os.environ | (env or {}),
            input=stdin,
            capture_output=True,
            check=False,
            timeout=60,
        )
        return Answer(done.returncode, done.stdout.decode(), done.stderr.decode())

    return answer
