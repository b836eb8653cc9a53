"""Failures of talking to an engine, told as one sentence: the task, the endpoint, the stage and the cause."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from layerscope.engine.endpoint import Endpoint
from layerscope.errors import EngineError, NoEngineError

if TYPE_CHECKING:
    from requests import Response

HTTP_OK = 200
MAX_MESSAGE = 500
"""Characters of an engine's own error message that are repeated."""

NOTHING_LISTENS = "nothing listens there"


@contextmanager
def explaining(task: str, endpoint: Endpoint, stage: str) -> Iterator[None]:
    """Turn what the SDK raises into an EngineError that names task, endpoint, stage and likely cause."""
    import docker.errors
    import requests.exceptions

    try:
        yield
    except (docker.errors.DockerException, requests.exceptions.RequestException, OSError, ValueError) as error:
        cause = _cause(error)
        message = f"{task} at {endpoint}: {stage}: {cause}"
        if cause.startswith(NOTHING_LISTENS):
            raise NoEngineError(message, place=str(endpoint.unix_socket or endpoint.url)) from error
        raise EngineError(message) from error


def check_answer(response: "Response", *, task: str, endpoint: Endpoint) -> None:
    """Raise EngineError with the engine's own words unless it answered 200."""
    if response.status_code == HTTP_OK:
        return
    raise EngineError(f"{task}: the engine at {endpoint} answered {response.status_code}: {find_refusal(response)}")


def find_refusal(response: "Response") -> str:
    """The engine's own words for why it refused."""
    try:
        document = response.json()
    except ValueError:
        document = None
    if isinstance(document, dict) and isinstance(document.get("message"), str):
        return str(document["message"])[:MAX_MESSAGE]
    return response.text[:MAX_MESSAGE].strip()


def _cause(error: BaseException) -> str:
    """Return the innermost reason in words: requests and urllib3 wrap the socket's own error three times."""
    import requests.exceptions

    if isinstance(error, requests.exceptions.Timeout):
        return "the engine did not answer in time"
    for link in _chain(error):
        if isinstance(link, PermissionError):
            return "permission denied (be root, or a member of the socket's group)"
        if isinstance(link, FileNotFoundError):
            return f"{NOTHING_LISTENS}: no such socket"
        if isinstance(link, ConnectionRefusedError):
            return f"{NOTHING_LISTENS}: connection refused"
        if isinstance(link, ssl.SSLCertVerificationError):
            return f"its certificate was not accepted: {link.verify_message}"
        if isinstance(link, ssl.SSLError):
            return f"no TLS connection: {link.reason}"
        if isinstance(link, TimeoutError):
            return "the engine did not answer in time"
    if "paramiko" in str(error):
        return "an engine behind ssh:// needs paramiko: pip install 'layerscope[ssh]'"
    return str(error)[:MAX_MESSAGE]


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and those it was made from, through causes, contexts and arguments."""
    waiting: list[BaseException] = [error]
    seen: set[int] = set()
    while waiting:
        link = waiting.pop()
        if id(link) in seen:
            continue
        seen.add(id(link))
        yield link
        linked = (link.__cause__, link.__context__, getattr(link, "reason", None), *link.args)
        waiting += [part for part in linked if isinstance(part, BaseException)]
