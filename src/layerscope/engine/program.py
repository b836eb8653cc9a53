"""The engine's own program, docker or podman, led to the engine that is meant."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from layerscope.engine.client import connect
from layerscope.engine.endpoint import Endpoint
from layerscope.engine.storage import describe_storage
from layerscope.errors import EngineError

ANSWER_SECONDS: Final = 30.0
"""A program that only tells its version answers at once, unless the disk is asleep."""

DOCKER_VARIABLES: Final = ("DOCKER_CONTEXT", "DOCKER_TLS", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH", "BUILDX_BUILDER")
"""Variables that would lead the program to another engine than the one that is meant."""

INSTALL: Final = {
    "docker": "install Docker's command line (Debian and Ubuntu: docker.io; others: docs.docker.com/engine/install)",
    "podman": "install podman (Debian, Ubuntu and Fedora: podman)",
}

EngineKind = Literal["docker", "podman"]


@dataclass(frozen=True)
class EngineProgram:
    """A program, the words in front of its commands, and its variables."""

    words: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)
    is_client: bool = False
    """Whether it is podman's client, whose service does the work."""


def find_program(
    kind: EngineKind, endpoint: Endpoint, environment: Mapping[str, str], *, task: str, name: str = ""
) -> EngineProgram:
    """The program for the engine that listens there, by the engine's name unless another is said.

    Raises EngineError where there is no such program.
    """
    program = shutil.which(name or kind, path=environment.get("PATH", os.defpath))
    if program is None:
        raise EngineError(f"{task}: there is no program {name or kind!r} on PATH: {INSTALL[kind]}")
    if kind == "podman":
        return _lead_podman(program, endpoint, environment)
    return EngineProgram((program,), _lead_docker(endpoint, environment))


def ask_program(*command: str, environment: Mapping[str, str]) -> str:
    """What a program answers; nothing where it fails."""
    try:
        done = subprocess.run(  # noqa: S603 - the engine's own program
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=ANSWER_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return "" if done.returncode else done.stdout.decode(errors="replace").strip()


def _lead_podman(program: str, endpoint: Endpoint, environment: Mapping[str, str]) -> EngineProgram:
    """Podman itself where it has the same images as the service that listens there, else a client of that.

    A client that is stopped does not stop what the service builds for it (podman 4.3, measured).
    """
    with connect(endpoint) as engine:
        root = describe_storage(engine).root
    own = (program, "--remote=false")
    if ask_program(*own, "info", "--format", "{{.Store.GraphRoot}}", environment=environment) == str(root):
        return EngineProgram(own, environment)
    return EngineProgram((program, "--url", endpoint.url), environment, is_client=True)


def _lead_docker(endpoint: Endpoint, environment: Mapping[str, str]) -> dict[str, str]:
    """The variables with which the program talks to this engine."""
    variables = {name: value for name, value in environment.items() if name not in DOCKER_VARIABLES}
    variables["DOCKER_HOST"] = endpoint.url
    if endpoint.tls is not None:
        variables["DOCKER_TLS_VERIFY" if endpoint.tls.verify else "DOCKER_TLS"] = "1"
        files = filter(None, (endpoint.tls.authority, endpoint.tls.certificate, endpoint.tls.key))
        if (place := next(files, None)) is not None:
            variables["DOCKER_CERT_PATH"] = str(place.parent)
    return variables
