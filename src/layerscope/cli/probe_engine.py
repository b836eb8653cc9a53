"""From IMAGE to the engine that has it: a probe runs where the image already is, and pulls nothing."""

import os
import re
from typing import Final, Literal

from layerscope.engine.client import Engine, connect
from layerscope.engine.endpoint import find_docker_endpoint, find_podman_endpoint
from layerscope.engine.images import inspect_image
from layerscope.errors import ConfigurationError, ProbeError, SourceError
from layerscope.probe.confinement import ALL_GPUS, NO_GPUS
from layerscope.probe.gpu_access import GpuAccess, list_accesses

Kind = Literal["docker", "podman"]
_KINDS: Final[tuple[Kind, ...]] = ("docker", "podman")
_SCHEME: Final = re.compile(r"(docker|podman):(?!//)(.+)")
_ELSEWHERE: Final = re.compile(r"(?:registry|oci-dir|oci-archive|docker-archive|oci):|-$|[./]")


def find_engine(image: str) -> tuple[Engine, Kind, str, str]:
    """The engine that has the image, its kind, the name asked for and the image's ID; the caller closes the engine.

    Raises ProbeError where none has it.
    """
    match = _SCHEME.match(image)
    if match is None and _ELSEWHERE.match(image):
        raise ProbeError(
            f"probing {image}: expected an image of a local engine, docker:NAME or podman:NAME; "
            "`docker load` or `docker pull` brings it there"
        )
    name = match[2] if match else image
    kinds = (match[1],) if match else _KINDS
    failures = []
    for kind in _KINDS:
        if kind not in kinds:
            continue
        try:
            endpoint = (find_docker_endpoint if kind == "docker" else find_podman_endpoint)(os.environ)
            engine = connect(endpoint)
        except (SourceError, ConfigurationError) as error:
            failures.append(str(error))
            continue
        try:
            return engine, kind, name, inspect_image(engine, name).id
        except SourceError as error:
            engine.close()
            failures.append(str(error))
    raise ProbeError(f"probing {image}: no engine of this host has it: {'; '.join(failures)}")


def list_gpu_accesses(engine: Engine, wanted: str) -> tuple[GpuAccess, ...]:
    """The ways in which the engine can give GPUs to a container, as the user wants them: auto, all or none."""
    if wanted == NO_GPUS:
        return ()
    info = engine.fetch("/info", task="asking the engine what it offers")
    return list_accesses(info, is_podman=engine.is_podman, is_asked=wanted == ALL_GPUS)
