"""Containers of an engine: made, started, attached to, ended and removed; never one that pulls an image."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from layerscope.engine.attached import AttachedStreams
from layerscope.engine.client import ANSWER_SECONDS, CONNECT_SECONDS, Engine
from layerscope.engine.failure import explaining, find_refusal
from layerscope.errors import EngineError

if TYPE_CHECKING:
    from requests import Response

START_SECONDS: Final = 120.0
"""Starting a container runs hooks for GPUs, which may load a driver."""
REMOVE_SECONDS: Final = 60.0
HTTP_CREATED, HTTP_NO_CONTENT, HTTP_NOT_MODIFIED, HTTP_NOT_FOUND, HTTP_CONFLICT = 201, 204, 304, 404, 409
HTTP_OK: Final = 200


class ContainerState(Struct, frozen=True):
    """How a container stands: `exit_code` is that of its first process, 128 and more for a signal."""

    is_running: bool
    exit_code: int
    is_out_of_memory: bool
    """Whether the kernel killed a process of it for want of memory."""
    error: str


_ENDED_ALREADY: Final = "container state improper"
"""What podman says of one, as of a failure of its own."""


def create_container(engine: Engine, settings: Mapping[str, object]) -> str:
    """Make a container and return its ID; raises EngineError with the engine's own words."""
    task = "creating a container"
    response = _post(engine, "/containers/create", task, wait=ANSWER_SECONDS, body=settings)
    answer = _check(response, task, HTTP_CREATED)
    name = answer.get("Id")
    if not isinstance(name, str):
        raise EngineError(f"{task}: expected an ID from the engine at {engine.endpoint}")
    return name


def attach(engine: Engine, container: str, *, has_input: bool = True) -> AttachedStreams:
    """The streams of a container that has not been started yet: its input, if any, and its output as it comes."""
    task = "attaching to the container"
    with explaining(task, engine.endpoint, "opening its streams"):
        wanted = {"stdin": int(has_input), "stdout": 1, "stderr": 1, "stream": 1, "logs": 0}
        socket = engine.client.attach_socket(container, params=wanted)
    return AttachedStreams(socket)


def start(engine: Engine, container: str) -> None:
    """Start a container; raises EngineError with the engine's own words, as where it has no GPU to give."""
    task = "starting the container"
    response = _post(engine, f"/containers/{container}/start", task, wait=START_SECONDS)
    _check(response, task, HTTP_NO_CONTENT, HTTP_NOT_MODIFIED, HTTP_OK)


def kill(engine: Engine, container: str, signal: str = "KILL") -> None:
    """End a container at once, or by another signal's name; one that has ended already is as good."""
    task = "ending the container"
    response = _post(engine, f"/containers/{container}/kill?signal={signal}", task, wait=ANSWER_SECONDS)
    if _ENDED_ALREADY in response.text:
        return
    _check(response, task, HTTP_NO_CONTENT, HTTP_OK, HTTP_CONFLICT, HTTP_NOT_FOUND)


def inspect_state(engine: Engine, container: str) -> ContainerState:
    """How the container stands."""
    task = "inspecting the container"
    answer = engine.fetch(f"/containers/{container}/json", task=task)
    try:
        state = answer["State"]  # type: ignore[index]  # checked by what follows
        return ContainerState(
            bool(state["Running"]), int(state["ExitCode"]), bool(state["OOMKilled"]), str(state.get("Error") or "")
        )
    except (KeyError, TypeError, ValueError) as error:
        raise EngineError(f"{task}: expected its state from the engine at {engine.endpoint}") from error


def has_volumes(engine: Engine, container: str) -> bool:
    """Whether a container has a place to write to that is neither its root nor memory; so it is where nobody knows."""
    answer = engine.fetch(f"/containers/{container}/json", task="inspecting the container")
    mounts = answer.get("Mounts") if isinstance(answer, dict) else None
    return not isinstance(mounts, list) or any(
        isinstance(each, dict) and each.get("Type") != "tmpfs" for each in mounts
    )


def list_containers(engine: Engine, label: str) -> tuple[tuple[str, Mapping[str, str]], ...]:
    """ID and labels of every container with that label, running or not."""
    from urllib.parse import quote

    task = "listing containers"
    wanted = quote(json.dumps({"label": [label]}))
    answer = engine.fetch(f"/containers/json?all=1&filters={wanted}", task=task)
    if not isinstance(answer, list):
        raise EngineError(f"{task}: expected a list from the engine at {engine.endpoint}")
    return tuple((str(each["Id"]), dict(each.get("Labels") or {})) for each in answer if "Id" in each)


def remove(engine: Engine, container: str) -> None:
    """Remove a container and its volumes, running or not; one that is gone is as good."""
    task = "removing the container"
    url = engine.url(f"/containers/{container}?force=1&v=1")
    with explaining(task, engine.endpoint, "waiting for the answer"):
        response = engine.client.delete(url, timeout=(CONNECT_SECONDS, REMOVE_SECONDS), verify=engine.client.verify)
    _check(response, task, HTTP_NO_CONTENT, HTTP_OK, HTTP_NOT_FOUND, HTTP_CONFLICT)


def _post(engine: Engine, path: str, task: str, *, wait: float, body: Mapping[str, object] | None = None) -> "Response":
    with explaining(task, engine.endpoint, "waiting for the answer"):
        return engine.client.post(
            engine.url(path), json=body, timeout=(CONNECT_SECONDS, wait), verify=engine.client.verify
        )


def _check(response: "Response", task: str, *accepted: int) -> Mapping[str, object]:
    if response.status_code not in accepted:
        raise EngineError(f"{task}: {find_refusal(response)}")
    try:
        answer = response.json()
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}
