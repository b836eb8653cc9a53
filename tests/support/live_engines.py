"""Container engines for tests, started by scripts and stopped by the last test run that uses them."""

import fcntl
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from layerscope.sources.daemon import DaemonSource
from layerscope.sources.source import InPlace

if TYPE_CHECKING:
    from docker import DockerClient

SUPPORT: Final = Path(__file__).parent
LOCK: Final = Path(f"/tmp/layerscope-engines-{os.getuid()}.lock")  # noqa: S108  # shared by all test runs of one user
"""Held shared by every process whose tests use engines; whoever can have it alone may stop them."""
START_SECONDS: Final = 180


class EngineUnavailableError(Exception):
    """An engine cannot be started here; the message is what its script said."""


@dataclass(frozen=True)
class EngineKind:
    """One engine that tests run on: its script, the script's settings, and how it keeps images."""

    script: str
    settings: Mapping[str, str]
    scheme: Literal["docker", "podman"]
    in_place: str
    """What an image's source says when it was read in place."""


ENGINES: Final[Mapping[str, EngineKind]] = {
    "docker-20.10": EngineKind("engine.sh", {}, "docker", "overlay2, read in place"),
    "docker-26.1": EngineKind("engine.sh", {"LAYERSCOPE_ENGINE_SUITE": "trixie"}, "docker", "overlay2, read in place"),
    "docker-26.1-containerd": EngineKind(
        "engine.sh",
        {"LAYERSCOPE_ENGINE_SUITE": "trixie", "LAYERSCOPE_ENGINE_STORE": "containerd"},
        "docker",
        "containerd content store, read in place",
    ),
    "podman": EngineKind("podman.sh", {}, "podman", "overlay, read in place"),
    "docker-20.10-vfs": EngineKind("engine.sh", {"LAYERSCOPE_ENGINE_DRIVER": "vfs"}, "docker", "vfs, read in place"),
}


@dataclass(frozen=True)
class LiveEngine:
    """A running engine, its client, and its images as sources."""

    name: str
    kind: EngineKind
    host: str
    client: "DockerClient" = field(repr=False)

    def source(self, reference: str, in_place: InPlace = "auto") -> DaemonSource:
        """An image of this engine, as a command would open it with this engine's address in the environment."""
        return DaemonSource(self.kind.scheme, reference, in_place, self.environment)

    def list_names(self) -> set[str]:
        """The names of all images; what another test removes meanwhile is not asked for."""
        return {name for image in self.client.api.images() for name in image["RepoTags"] or ()}

    @property
    def folder(self) -> Path:
        """Where the engine keeps everything."""
        return Path(self.host.removeprefix("unix://")).parent

    @property
    def environment(self) -> dict[str, str]:
        """The variables that lead to the engine and to its containerd."""
        variable = "CONTAINER_HOST" if self.kind.scheme == "podman" else "DOCKER_HOST"
        return {variable: self.host, "LAYERSCOPE_CONTAINERD_ROOT": str(self.folder / "c/root")}


def start_engine(name: str) -> LiveEngine:
    """Start an engine unless it runs already, and connect to it; raises EngineUnavailableError."""
    from docker import DockerClient

    hold_engines()
    kind = ENGINES[name]
    host = run_script(kind, "start").rpartition("=")[2].strip()
    return LiveEngine(name, kind, host, DockerClient(base_url=host, timeout=120))


def hold_engines() -> None:
    """Keep every engine from being stopped as long as this process lives."""
    if not _HELD:
        _HELD.append(os.open(LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    fcntl.flock(_HELD[0], fcntl.LOCK_SH)


def stop_engines() -> None:
    """Let go of the engines; whoever is the last to do so stops them all and deletes what they stored."""
    if not _HELD:
        return
    descriptor = _HELD.pop()
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for kind in ENGINES.values():
            run_script(kind, "purge")
    except BlockingIOError:
        pass  # another worker or test run still uses them, and will stop them
    finally:
        os.close(descriptor)


def run_script(kind: EngineKind, command: str) -> str:
    """Run one command of an engine's script and return what it prints; raises EngineUnavailableError."""
    done = subprocess.run(
        ["bash", str(SUPPORT / kind.script), command],
        env={**os.environ, **kind.settings},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        check=False,
    )
    if done.returncode:
        raise EngineUnavailableError(f"{kind.script} {command}: {done.stderr.strip()[-500:]}")
    return done.stdout


_HELD: list[int] = []
