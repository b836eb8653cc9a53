"""The installed command, as a person runs it."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

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

    def run(*arguments: object, stdin: Any = subprocess.DEVNULL) -> Answer:
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

    return run
