"""A connection is negotiated, and what fails is named by task, endpoint and cause."""

import socket
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from docker.api.client import APIClient

from layerscope.engine.client import connect
from layerscope.engine.endpoint import Endpoint
from layerscope.errors import EngineError
from support.engine_stub import EngineStub, docker_version, podman_version


@pytest.mark.parametrize(
    ("api", "spoken"),
    [("1.41", "1.41"), ("1.45", "1.45"), ("1.51", "1.51"), ("1.60", "1.51")],
)
def test_the_newest_version_that_both_know_is_spoken(stub: EngineStub, api: str, spoken: str) -> None:
    """An engine is asked in its own version, and a newer one in the newest that is known here."""
    stub.version = docker_version(api=api)
    stub.info = {"Driver": "overlay2"}
    with connect(stub.endpoint) as engine:
        assert engine.fetch("/info", task="asking") == stub.info
    assert stub.requests == ["/version", f"/v{spoken}/info"]


@pytest.mark.parametrize(("newest", "oldest"), [("1.40", "1.12"), ("1.70", "1.52"), ("2.0", "2.0")])
def test_an_engine_that_shares_no_version_is_refused(stub: EngineStub, newest: str, oldest: str) -> None:
    """The error says what the engine speaks and what was expected."""
    stub.version = docker_version(api=newest, oldest=oldest)
    with pytest.raises(EngineError, match=rf"it speaks API {oldest} to {newest}, expected one from 1\.41 to 1\.51"):
        connect(stub.endpoint)


@pytest.mark.parametrize("answer", [{}, {"ApiVersion": "latest"}, {"ApiVersion": 1.41}])
def test_something_else_than_an_engine_is_refused(stub: EngineStub, answer: dict[str, object]) -> None:
    """Whatever answers must at least know its version."""
    stub.version = answer
    with pytest.raises(EngineError, match="expected an"):
        connect(stub.endpoint)


def test_podman_is_told_from_docker(stub: EngineStub) -> None:
    """Podman says so among its components, although it speaks Docker's API."""
    stub.version = podman_version()
    with connect(stub.endpoint) as engine:
        assert (engine.name, engine.is_podman) == ("podman 4.3.1", True)


def test_a_packagers_suffix_is_no_part_of_the_version(stub: EngineStub) -> None:
    """Debian's 20.10.24+dfsg1 is 20.10.24."""
    stub.version = docker_version("20.10.24+dfsg1")
    with connect(stub.endpoint) as engine:
        assert engine.name == "docker engine 20.10.24"


def test_a_missing_socket_is_named(tmp_path: Path) -> None:
    """The error names the endpoint, who named it, and that nothing is there."""
    endpoint = Endpoint(f"unix://{tmp_path}/none.sock", "DOCKER_HOST")
    with pytest.raises(EngineError, match=r"at unix://.*/none\.sock \(DOCKER_HOST\): .*nothing listens there"):
        connect(endpoint)


def test_a_socket_that_nobody_serves_is_named() -> None:
    """A socket left by an engine that died refuses connections."""
    with TemporaryDirectory(prefix="ls") as folder:
        path = Path(folder) / "s"
        with socket.socket(socket.AF_UNIX) as left:
            left.bind(str(path))
        with pytest.raises(EngineError, match="connection refused"):
            connect(Endpoint(f"unix://{path}", "default socket"))


@pytest.mark.parametrize("url", ["fd://3", "nonsense://x", "unix://"])
def test_an_address_that_cannot_be_is_an_engine_error(url: str) -> None:
    """What the SDK refuses is told with the endpoint."""
    with pytest.raises(EngineError, match="connecting to the container engine"):
        connect(Endpoint(url, "DOCKER_HOST"))


def test_a_refusal_is_told_in_the_engines_words(stub: EngineStub) -> None:
    """Status and message of the engine are in the error."""
    stub.failure = (500, b'{"message": "the disk is full"}')
    with connect(stub.endpoint) as engine, pytest.raises(EngineError, match="answered 500: the disk is full"):
        engine.fetch("/info", task="asking")


def test_an_answer_that_is_no_json_is_an_engine_error(stub: EngineStub) -> None:
    """A proxy in between may answer anything."""
    stub.failure = (200, b"<html>")
    with connect(stub.endpoint) as engine, pytest.raises(EngineError, match="asking at unix://"):
        engine.fetch("/info", task="asking")


def test_an_engines_own_authority_is_not_overridden(stub: EngineStub, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests would prefer the bundle of the environment to that of the context."""
    seen: list[object] = []
    get = APIClient.get

    def record(client: APIClient, url: str, **options: Any) -> object:
        seen.append(options["verify"])
        return get(client, url, **options)

    monkeypatch.setattr(APIClient, "get", record)
    with connect(stub.endpoint) as engine:
        engine.client.verify = "/certificates/ca.pem"
        engine.fetch("/info", task="asking")
    assert seen == [True, "/certificates/ca.pem"]
