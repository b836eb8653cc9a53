"""A container as a place with files: what the engine says of it, what it changed, and its file system as one tar."""

from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import Struct

from layerscope.engine.client import Engine, quote_name
from layerscope.engine.images import FIRST_BYTE_SECONDS, STALL_SECONDS, ExportStream
from layerscope.errors import ContainerNotFoundError, EngineError

MAX_CHANGES: Final = 5_000_000
"""Paths that a container may have changed: ten times the files of a large image."""

MODIFIED, ADDED, DELETED = 0, 1, 2
"""Kinds of changes: https://docs.docker.com/reference/api/engine/version/v1.45/#tag/Container/operation/ContainerChanges"""


class InspectedContainer(Struct, frozen=True):
    """What an engine says of a container, unproved.

    `image_id` is that of the image it was made from, `image_name` what that was called then; `settings` is how its
    process is started, with an image's keys; `mounts` are the paths on which something else lies than its own files;
    `upper` is the folder that has its own files alone, where the engine keeps one; `user_namespace` is empty where it
    has the engine's.
    """

    id: str
    name: str
    image_id: str
    image_name: str
    settings: Mapping[str, object]
    mounts: tuple[str, ...]
    started: str = ""
    upper: str = ""
    user_namespace: str = ""


def inspect_container(engine: Engine, name: str) -> InspectedContainer:
    """Return what the engine says of a container; raises ContainerNotFoundError or EngineError."""
    task = f"inspecting container {name}"
    answer = engine.fetch(f"/containers/{quote_name(name)}/json", task=task, missing_is_none=True)
    if answer is None:
        raise ContainerNotFoundError(f"{engine.name} at {engine.endpoint} has no container {name}")
    try:
        return _parse_container(answer)
    except (AttributeError, KeyError, TypeError) as error:
        words = "expected a container with Id, Image and Config"
        raise EngineError(f"{task}: {words} from the engine at {engine.endpoint}") from error


def list_changes(engine: Engine, container: str) -> dict[str, int]:
    """What the container changed of its image's files, by path without its leading slash; raises EngineError."""
    task = "listing what the container changed"
    answer = engine.fetch(f"/containers/{container}/changes", task=task) or ()
    if not isinstance(answer, Iterable):
        raise EngineError(f"{task}: expected a list from the engine at {engine.endpoint}")
    try:
        found = {str(each["Path"]).strip("/"): int(each["Kind"]) for each in answer}
    except (KeyError, TypeError, ValueError) as error:
        raise EngineError(f"{task}: expected paths and kinds from the engine at {engine.endpoint}") from error
    if len(found) > MAX_CHANGES:
        raise EngineError(f"{task}: {len(found):,} paths, limit {MAX_CHANGES:,}")
    return found


def open_container_export(engine: Engine, container: str) -> ExportStream:
    """Open the container's file system as one tar; raises EngineError."""
    task = f"exporting container {container[:12]}"
    response = engine.open_stream(f"/containers/{container}/export", task=task, first_byte=FIRST_BYTE_SECONDS)
    return ExportStream(response, task=f"{task} from {engine.name} at {engine.endpoint}", stall=STALL_SECONDS)


def _parse_container(answer: object) -> InspectedContainer:
    if not isinstance(answer, dict):
        raise TypeError(type(answer).__name__)
    settings = dict(answer["Config"])
    driver = answer.get("GraphDriver") or {}
    image = str(answer["Image"])
    return InspectedContainer(
        id=str(answer["Id"]),
        name=str(answer.get("Name") or "").lstrip("/") or str(answer["Id"])[:12],
        image_id=image if ":" in image else f"sha256:{image}",
        image_name=str(settings.get("Image") or image),
        settings=settings,
        mounts=tuple(_list_mounts(answer)),
        started=str((answer.get("State") or {}).get("StartedAt") or ""),
        upper=str((driver.get("Data") or {}).get("UpperDir") or ""),
        user_namespace=str((answer.get("HostConfig") or {}).get("UsernsMode") or ""),
    )


def _list_mounts(answer: Mapping[str, object]) -> Iterable[str]:
    """Volumes, folders of the host, and memory that was asked for."""
    mounts, host = answer.get("Mounts"), answer.get("HostConfig")
    for mount in mounts if isinstance(mounts, list) else ():
        if mount.get("Destination"):
            yield str(mount["Destination"])
    memory = host.get("Tmpfs") if isinstance(host, dict) else None
    yield from (str(path) for path in memory or ())
