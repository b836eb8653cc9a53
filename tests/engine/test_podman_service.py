"""Podman's service is started where none listens, for this process alone."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

from layerscope.engine.client import connect
from layerscope.engine.endpoint import find_podman_endpoint
from layerscope.errors import NoEngineError

PODMAN: Final = f"""\
#!{sys.executable}
import os, signal, sys, tempfile
from pathlib import Path
from support.engine_stub import podman_version, run_engine

assert sys.argv[1:-1] == ["--remote=false", "system", "service", "--time=0"]
with open(os.environ["STARTS"], "a") as log:
    log.write(f"{{os.getpid()}}\\n")
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
with tempfile.TemporaryDirectory() as folder, run_engine(Path(folder), podman_version()) as engine:
    os.symlink(engine.socket, sys.argv[-1].removeprefix("unix://"))
    signal.pause()
"""
"""A stand-in that answers as podman's service does, and notes that it was started."""

CALLER: Final = """
import os, signal, sys
from layerscope.engine.client import connect
from layerscope.engine.endpoint import find_podman_endpoint

for _ in range(2):
    with connect(find_podman_endpoint(os.environ)) as engine:
        print(engine.name, engine.endpoint, flush=True)
if int(sys.argv[1]):
    os.kill(os.getpid(), int(sys.argv[1]))
"""


def put(folder: Path, program: str) -> dict[str, str]:
    """The variables that lead to a program called podman, and to no service."""
    path = folder / "podman"
    path.write_text(program)
    path.chmod(0o755)
    runtime = folder / "r"
    runtime.mkdir()
    paths = {"PATH": f"{folder}:{os.defpath}", "PYTHONPATH": os.pathsep.join(sys.path)}
    return {**paths, "XDG_RUNTIME_DIR": str(runtime), "STARTS": str(folder / "starts")}


def leave_socket(variables: Mapping[str, str], runtime: Path) -> None:
    """Leave a socket in the user's folder that nobody serves, so that the system's is not looked at."""
    import socket

    (runtime / "podman").mkdir()
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(runtime / "podman/podman.sock"))
    assert find_podman_endpoint(variables).unix_socket == runtime / "podman/podman.sock"


@pytest.mark.parametrize("ending", [0, signal.SIGTERM, signal.SIGKILL])
def test_it_is_started_once_and_ends_with_the_process(tmp_path: Path, ending: int) -> None:
    """However that ends; nothing is left of it."""
    variables = put(tmp_path, PODMAN)
    leave_socket(variables, tmp_path / "r")
    done = subprocess.run(
        [sys.executable, "-c", CALLER, str(int(ending))], env=variables, capture_output=True, text=True, check=False
    )
    assert done.returncode == -ending, done.stderr
    first, second = done.stdout.splitlines()
    assert first == second
    assert first.startswith("podman 4.3.1 unix://")
    assert "started for this call" in first
    (started,) = (tmp_path / "starts").read_text().split()
    folder = Path(first.split("unix://")[1].split()[0]).parent
    deadline = time.monotonic() + 30
    while Path(f"/proc/{started}").exists() or folder.exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_start_that_fails_is_told_in_podmans_words(tmp_path: Path) -> None:
    """With the command that makes it listen."""
    variables = put(tmp_path, "#!/bin/sh\necho 'Error: cannot set up namespace' >&2\nexit 125\n")
    leave_socket(variables, tmp_path / "r")
    with pytest.raises(NoEngineError, match=r"cannot set up namespace; `systemctl .* podman\.socket`") as caught:
        connect(find_podman_endpoint(variables))
    assert caught.value.place == str(tmp_path / "r/podman/podman.sock")


def test_a_service_that_somebody_names_is_the_one_that_is_meant(tmp_path: Path) -> None:
    """Where nobody answers there, nothing else is started."""
    variables = put(tmp_path, PODMAN) | {"CONTAINER_HOST": f"unix://{tmp_path}/none.sock"}
    with pytest.raises(NoEngineError, match=r"none\.sock \(CONTAINER_HOST\)"):
        connect(find_podman_endpoint(variables))
    assert not (tmp_path / "starts").exists()


def test_the_variables_of_the_program_show_nowhere(tmp_path: Path) -> None:
    """They may hold secrets."""
    variables = put(tmp_path, PODMAN) | {"TOKEN": "vT8mKq2LxWz5"}
    assert "vT8mKq2LxWz5" not in repr(find_podman_endpoint(variables))
