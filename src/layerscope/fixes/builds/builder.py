"""Builder: the program that builds images for an engine, and its command line."""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Final, Literal

from layerscope.engine.client import connect
from layerscope.engine.endpoint import Endpoint
from layerscope.engine.storage import describe_storage
from layerscope.errors import EngineError
from layerscope.fixes.builds.request import BuildRequest
from layerscope.fixes.builds.workplace import IGNORED

ANSWER_SECONDS: Final = 30.0
"""A program that only tells its version answers at once, unless the disk is asleep."""

DOCKER_VARIABLES: Final = ("DOCKER_CONTEXT", "DOCKER_TLS", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH", "BUILDX_BUILDER")
"""Variables that would lead the program to another engine than the one that is meant."""

PODMAN: Final = "podman build"

INSTALL: Final = {
    "docker": "install Docker's command line (Debian and Ubuntu: docker.io; others: docs.docker.com/engine/install)",
    "podman": "install podman (Debian, Ubuntu and Fedora: podman)",
}


@dataclass(frozen=True)
class Builder:
    """A program that builds: its words in front, its variables, and what it does not know."""

    name: str
    words: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)
    has_filter: bool = False
    """Whether it can build one stage without its cache, and the others with theirs."""
    outlives_client: bool = False
    """Whether the program is podman's client, which sends all files, and whose engine builds on when it is stopped."""

    @property
    def reads_own_ignores(self) -> bool:
        """Whether it takes a list of what is not copied that lies elsewhere than at the top of the context."""
        return self.has_filter or self.name == PODMAN

    def write_command(self, request: BuildRequest, dockerfile: Path, name: str) -> list[str]:
        """The command that builds the request, the Dockerfile lying there, to an image of that name."""
        target = ["--target", request.target] if request.target else []
        form = ["--format=docker"] if self.name == PODMAN and request.has_docker_form else []
        is_told = self.outlives_client or (self.name == PODMAN and request.ignores is not None)
        ignores = ["--ignorefile", str(dockerfile.with_name(IGNORED))] if is_told else []
        return [
            *self.words,
            *("-f", str(dockerfile), "-t", name),
            *target,
            *form,
            *ignores,
            *self.find_flags(request.flags),
            *request.options,
            str(request.context.absolute()),  # a name that begins with a dash would be an option
        ]

    def find_flags(self, flags: Sequence[str]) -> tuple[str, ...]:
        """The flags on what is made anew, as this program knows them."""
        stages = _list_filtered(flags)
        plain = tuple(dict.fromkeys(flag for flag in flags if flag in {"--pull", "--no-cache"}))
        if not stages or "--no-cache" in plain:
            return plain
        return (*plain, "--no-cache-filter", ",".join(stages)) if self.has_filter else (*plain, "--no-cache")

    def is_coarser(self, flags: Sequence[str]) -> bool:
        """Whether it builds more without the cache than it was asked to."""
        return "--no-cache" in self.find_flags(flags) and "--no-cache" not in flags


def find_builder(kind: Literal["docker", "podman"], endpoint: Endpoint, environment: Mapping[str, str]) -> Builder:
    """The builder of the engine that listens there: podman's own, buildx, or else what `docker build` starts.

    Raises EngineError where there is no such program.
    """
    program = shutil.which(kind, path=environment.get("PATH", os.defpath))
    if program is None:
        raise EngineError(f"building the image: there is no program {kind!r} on PATH: {INSTALL[kind]}")
    if kind == "podman":
        return _find_podman(program, endpoint, environment)
    variables = _lead_docker(endpoint, environment)
    if environment.get("DOCKER_BUILDKIT") not in {"0", "false"} and _ask(
        program, "buildx", "version", environment=variables
    ):
        words = (program, "buildx", "build", "--builder", "default", "--load", "--progress", "plain")
        return Builder("docker buildx build", words, variables, has_filter=True)
    return Builder("docker build", (program, "build", "--force-rm"), variables)


def _find_podman(program: str, endpoint: Endpoint, environment: Mapping[str, str]) -> Builder:
    """Podman itself where it has the same images as the service that listens there, else a client of that.

    A client that is stopped does not stop what the service builds for it (podman 4.3, measured).
    """
    with connect(endpoint) as engine:
        root = describe_storage(engine).root
    own = (program, "--remote=false")
    if _ask(*own, "info", "--format", "{{.Store.GraphRoot}}", environment=environment) == str(root):
        return Builder(PODMAN, (*own, "build", "--force-rm"), environment)
    words = (program, "--url", endpoint.url, "build", "--force-rm")
    return Builder(PODMAN, words, environment, outlives_client=True)


def _lead_docker(endpoint: Endpoint, environment: Mapping[str, str]) -> dict[str, str]:
    """The variables with which the program talks to this engine, and prints plain lines."""
    variables = {name: value for name, value in environment.items() if name not in DOCKER_VARIABLES}
    variables |= {"DOCKER_HOST": endpoint.url, "BUILDKIT_PROGRESS": "plain"}
    if endpoint.tls is not None:
        variables["DOCKER_TLS_VERIFY" if endpoint.tls.verify else "DOCKER_TLS"] = "1"
        files = filter(None, (endpoint.tls.authority, endpoint.tls.certificate, endpoint.tls.key))
        if (place := next(files, None)) is not None:
            variables["DOCKER_CERT_PATH"] = str(place.parent)
    return variables


def _ask(*command: str, environment: Mapping[str, str]) -> str:
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


def _list_filtered(flags: Sequence[str]) -> list[str]:
    """The stages that are to be built without the cache."""
    values = (value for flag, value in pairwise(flags) if flag == "--no-cache-filter")
    return list(dict.fromkeys(stage for value in values for stage in value.split(",")))
