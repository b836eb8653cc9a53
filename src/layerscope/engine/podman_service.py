"""Podman's service for as long as this process lives, where none listens and its program is there.

Podman has no daemon: its service listens where somebody enabled podman.socket, and nowhere else.
"""

import atexit
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from layerscope.engine.endpoint import Endpoint, PodmanProgram
from layerscope.errors import NoEngineError

START_SECONDS: Final = 20.0
"""It listens after 0.1 s; the first start of a user makes the store."""
STOP_SECONDS: Final = 5.0
"""It ends at once, unless it is in the midst of an answer."""
MAX_MESSAGE: Final = 500
"""Characters of what podman says of a start that failed."""

_ORIGIN: Final = "podman, started for this call"
_POLL_SECONDS: Final = 0.01
_SCRIPT: Final = """\
exec 3<&0
"$1" --remote=false system service --time=0 "unix://$2" </dev/null 3<&- & service=$!
{ cat <&3 >/dev/null; kill "$service" 2>/dev/null; rm -rf -- "${2%/*}"; } &
exec 3<&-
wait "$service"
"""
"""Ends the service and its folder once its own standard input ends: with this process, however that ends."""


@dataclass(frozen=True)
class _Service:
    process: "subprocess.Popen[bytes]"
    folder: Path

    @property
    def socket(self) -> Path:
        return self.folder / "podman.sock"

    @property
    def is_running(self) -> bool:
        return self.process.poll() is None

    def read_complaint(self) -> str:
        """The last line that podman printed."""
        lines = (self.folder / "log").read_text(errors="replace").strip().splitlines()
        return lines[-1][:MAX_MESSAGE] if lines else f"exit code {self.process.poll()}"

    def end(self) -> None:
        assert self.process.stdin is not None
        with suppress(OSError):
            self.process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(STOP_SECONDS)
        shutil.rmtree(self.folder, ignore_errors=True)


_RUNNING: dict[tuple[str, tuple[tuple[str, str], ...]], _Service] = {}
_LOCK: Final = threading.Lock()


def start_podman(program: PodmanProgram, *, place: str) -> Endpoint:
    """Where podman's service listens, which is started unless it was; raises NoEngineError where it does not come up.

    `place` is where none listens.
    """
    key = (program.path, tuple(sorted(program.environment.items())))
    with _LOCK:
        service = _RUNNING.get(key)
        if service is None or not service.is_running:
            service = _start(program.path, program.environment, place)
            _RUNNING[key] = service
            atexit.register(service.end)
    return Endpoint(f"unix://{service.socket}", _ORIGIN)


def _start(program: str, environment: Mapping[str, str], place: str) -> _Service:
    folder = Path(tempfile.mkdtemp(prefix="layerscope-podman-"))
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 -- the engine's own program
            ["/bin/sh", "-c", _SCRIPT, "sh", program, str(folder / "podman.sock")],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C is for this process, which may still need an answer to end well
        )
    service = _Service(process, folder)
    try:
        _await(service, place)
    except BaseException:
        service.end()
        raise
    return service


def _await(service: _Service, place: str) -> None:
    """Wait until it takes connections."""
    deadline = time.monotonic() + START_SECONDS
    while not _listens(service.socket):
        is_late = time.monotonic() > deadline
        if is_late or not service.is_running:
            told = f"not within {START_SECONDS:g} s" if is_late else service.read_complaint()
            raise NoEngineError(
                f"connecting to podman: nothing listens at {place}, and its service could not be started for this "
                f"call: {told}; `systemctl --user enable --now podman.socket` (as root without --user) makes it listen",
                place=place,
            )
        time.sleep(_POLL_SECONDS)


def _listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True
