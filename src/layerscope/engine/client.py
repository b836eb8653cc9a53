"""A connection to one engine: negotiated, with every failure named by stage and endpoint."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self
from urllib.parse import quote

from layerscope.engine.endpoint import Endpoint, TlsFiles
from layerscope.engine.failure import check_answer, explaining
from layerscope.errors import EngineError, NoEngineError

if TYPE_CHECKING:
    from docker.api.client import APIClient
    from docker.tls import TLSConfig
    from requests import Response

OLDEST_API = (1, 41)
"""Docker Engine 20.10 and podman 4; nothing older is tested."""
NEWEST_API = (1, 51)
"""Docker Engine 28; a newer engine is asked to speak this one."""
CONNECT_SECONDS = 10.0
"""An engine on a socket answers at once; a remote one within a few round trips."""
ANSWER_SECONDS = 60.0
"""Inspecting an image takes milliseconds; a busy engine is given a minute."""
HTTP_NOT_FOUND = 404
DOCKER = "docker engine"
PODMAN = "podman"


@dataclass(frozen=True)
class Engine:
    """An engine that answered: what it is, and a way to ask it. Close it, or use it in a `with` statement."""

    endpoint: Endpoint
    product: str
    """DOCKER or PODMAN."""
    version: str
    api_version: str
    client: "APIClient" = field(repr=False)

    @property
    def name(self) -> str:
        """Product and version, as reports print them."""
        return f"{self.product} {self.version}"

    @property
    def is_podman(self) -> bool:
        """Whether it is podman behind Docker's API."""
        return self.product == PODMAN

    def fetch(self, path: str, *, task: str, missing_is_none: bool = False) -> object:
        """Return the JSON answer to `path`; None for a missing one where that is allowed. Raises EngineError."""
        with explaining(task, self.endpoint, "waiting for the answer"):
            response = _get(self.client, self.url(path), wait=ANSWER_SECONDS)
            if missing_is_none and response.status_code == HTTP_NOT_FOUND:
                return None
            check_answer(response, task=task, endpoint=self.endpoint)
            answer: object = response.json()
            return answer

    def open_stream(self, path: str, *, task: str, first_byte: float) -> "Response":
        """Return the streaming answer to `path`, waiting `first_byte` seconds for its start; the caller closes it."""
        with explaining(task, self.endpoint, f"waiting {first_byte:g} s for the first byte"):
            response = _get(self.client, self.url(path), wait=first_byte, stream=True)
        try:
            check_answer(response, task=task, endpoint=self.endpoint)
        except BaseException:
            response.close()
            raise
        return response

    def post_stream(self, path: str, body: Iterable[bytes], *, task: str, wait: float) -> "Response":
        """Send a tar to `path` as it comes, and return the answer; raises EngineError."""
        headers = {"Content-Type": "application/x-tar"}
        with explaining(task, self.endpoint, f"waiting {wait:g} s for the answer"):
            response = self.client.post(
                self.url(path),
                data=iter(body),
                headers=headers,
                timeout=(CONNECT_SECONDS, wait),
                verify=self.client.verify,
            )
            check_answer(response, task=task, endpoint=self.endpoint)
        return response

    def url(self, path: str) -> str:
        """Return the address of an API path (already quoted) in the negotiated version."""
        return f"{self.client.base_url}/v{self.api_version}{path}"

    def close(self) -> None:
        """Close every connection."""
        self.client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def connect(endpoint: Endpoint) -> Engine:
    """Return the engine at `endpoint`, speaking the newest API version that both sides know; raises EngineError.

    Where nothing listens for podman and its program is there, that is started until this process ends.
    """
    try:
        return _connect(endpoint)
    except NoEngineError as error:
        if endpoint.podman is None:
            raise
        from layerscope.engine.podman_service import start_podman

        started = start_podman(endpoint.podman, place=error.place)
    return _connect(started)


def _connect(endpoint: Endpoint) -> Engine:
    task = "connecting to the container engine"
    with explaining(task, endpoint, "connecting"):
        client = _open_client(endpoint)
    try:
        with explaining(task, endpoint, "asking for its version"):
            response = _get(client, f"{client.base_url}/version", wait=ANSWER_SECONDS)
            check_answer(response, task=task, endpoint=endpoint)
            answer = response.json()
        return _negotiate(endpoint, client, answer)
    except BaseException:
        client.close()
        raise


def quote_name(name: str) -> str:
    """Return an image name as one part of an API path; slashes, colons and at-signs belong to it."""
    return quote(name, safe="/:@")


def _open_client(endpoint: Endpoint) -> "APIClient":
    from docker.api.client import APIClient

    tls = _tls_config(endpoint.tls) if endpoint.tls is not None and endpoint.unix_socket is None else False
    # The version is negotiated below, so the SDK is given one and asks nothing by itself.
    return APIClient(
        base_url=endpoint.url, version=_spell(OLDEST_API), timeout=int(CONNECT_SECONDS), tls=tls, use_ssh_client=True
    )


def _tls_config(files: TlsFiles) -> "TLSConfig":
    from docker.tls import TLSConfig

    pair = (str(files.certificate), str(files.key)) if files.certificate and files.key else None
    authority = str(files.authority) if files.authority else None
    return TLSConfig(client_cert=pair, ca_cert=authority, verify=files.verify)


def _get(client: "APIClient", url: str, *, wait: float, stream: bool = False) -> "Response":
    # The engine's own authority, said outright: requests would let REQUESTS_CA_BUNDLE override that of a session.
    return client.get(url, stream=stream, timeout=(CONNECT_SECONDS, wait), verify=client.verify)


def _negotiate(endpoint: Endpoint, client: "APIClient", answer: object) -> Engine:
    task = f"connecting to the container engine at {endpoint}"
    if not isinstance(answer, dict) or not isinstance(answer.get("ApiVersion"), str):
        raise EngineError(f"{task}: expected an engine's version, got something else")
    newest = _parse_version(answer["ApiVersion"], task)
    oldest = _parse_version(str(answer.get("MinAPIVersion") or answer["ApiVersion"]), task)
    if newest < OLDEST_API or oldest > NEWEST_API:
        spoken = f"{_spell(oldest)} to {_spell(newest)}"
        expected = f"{_spell(OLDEST_API)} to {_spell(NEWEST_API)}"
        raise EngineError(f"{task}: it speaks API {spoken}, expected one from {expected}")
    podman = any("podman" in str(part.get("Name", "")).lower() for part in answer.get("Components") or ())
    version = str(answer.get("Version", "")).partition("+")[0]
    product = PODMAN if podman else DOCKER
    return Engine(endpoint, product, version, _spell(min(newest, NEWEST_API)), client)


def _parse_version(text: str, task: str) -> tuple[int, int]:
    major, _, minor = text.partition(".")
    if not (major.isdecimal() and minor.isdecimal()):
        raise EngineError(f"{task}: expected an API version like 1.41, got {text[:40]!r}")
    return int(major), int(minor)


def _spell(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"
