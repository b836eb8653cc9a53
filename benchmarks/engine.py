"""A private Docker Engine in which the benchmark's images are built and kept."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SCRIPT = Path(__file__).parent.parent / "tests" / "support" / "engine.sh"
DEFAULT_FOLDER = "/tmp/layerscope-bench-engine"  # noqa: S108 -- a socket's path may hold 107 bytes only
REPOSITORY = "layerscope-bench"
PACKAGED_CLI = Path("/usr/bin/docker")  # Debian's own speaks BuildKit without a plug-in, newer ones do not


class EngineError(Exception):
    """The private engine could not be started, or refused what it was asked."""


@dataclass(frozen=True)
class Engine:
    """A running engine."""

    host: str

    def run(self, *arguments: str) -> str:
        """Run the docker command against this engine and return what it prints."""
        docker = str(PACKAGED_CLI) if PACKAGED_CLI.exists() else "docker"
        environment = {"DOCKER_HOST": self.host, "DOCKER_BUILDKIT": "1"}
        return _run([docker, *arguments], environment)

    def build(self, name: str, recipe: Path, *, base: str, secrets: Mapping[str, Path], context: Path) -> None:
        """Build an image of the benchmark from its Dockerfile, on the host's network."""
        named = [word for key, path in sorted(secrets.items()) for word in ("--secret", f"id={key},src={path}")]
        options = ["--network", "host", "--build-arg", f"BASE={base}", "--tag", tag(name), "--file", str(recipe)]
        self.run("build", "--quiet", *options, *named, str(context))

    def has(self, name: str) -> bool:
        """Whether an image of the benchmark is in this engine."""
        return bool(self.run("images", "--quiet", tag(name)).strip())


def tag(name: str) -> str:
    """An image of the benchmark as the engine names it."""
    return f"{REPOSITORY}/{name}:1"


def start_engine() -> Engine:
    """Start the private engine, unless it runs already."""
    environment = {"LAYERSCOPE_ENGINE_DIR": os.environ.get("LAYERSCOPE_ENGINE_DIR", DEFAULT_FOLDER)}
    if not SCRIPT.exists():
        raise EngineError(f"starting the private engine: {SCRIPT} is not there")
    printed = _run([str(SCRIPT), "start"], environment)
    return Engine(printed.strip().rpartition("DOCKER_HOST=")[2])


def _run(command: Sequence[str], environment: Mapping[str, str]) -> str:
    done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=False)
    if done.returncode:
        said = done.stderr.strip()[-2000:]
        raise EngineError(f"running {' '.join(command[:2])}: exit code {done.returncode}: {said}")
    return done.stdout
