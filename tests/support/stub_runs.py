"""Emitted probes run here: an engine's stub starts the entrypoint on this host, whatever the flags are."""

import os
import socket
import stat
import subprocess
from pathlib import Path
from typing import Final

STUB_ENGINE: Final = """#!/bin/sh
while [ "$1" != --entrypoint ]; do shift; done
python=$2
shift 3
exec "$python" "$@"
"""


def run_emitted(script: str, folder: Path) -> bytes:
    """What the script of `--emit docker` prints when it runs."""
    engine = folder / "engine"
    engine.write_text(STUB_ENGINE)
    engine.chmod(engine.stat().st_mode | stat.S_IXUSR)
    environment = {**os.environ, "ENGINE": str(engine)}
    done = subprocess.run(["sh"], input=script.encode(), capture_output=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


def find_free_port() -> int:
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])
