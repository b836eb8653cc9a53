"""Failures deep inside the SDK are told by their cause, in one sentence."""

import ssl

import docker.errors
import pytest
import requests.exceptions
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.exceptions import MaxRetryError, SSLError

from layerscope.engine.endpoint import Endpoint
from layerscope.engine.failure import explaining
from layerscope.errors import EngineError

ENDPOINT = Endpoint("tcp://builder:2376", "DOCKER_HOST")


def wrap(cause: Exception) -> Exception:
    """An error as urllib3 and requests hand it on."""
    return requests.exceptions.ConnectionError(MaxRetryError(HTTPConnectionPool("builder"), "/", cause))


def untrusted() -> Exception:
    """What a certificate of an unknown authority makes."""
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_message = "unable to get local issuer certificate"
    return SSLError(error)


def refused() -> Exception:
    """What a server makes that wants a certificate of its client."""
    error = ssl.SSLError(1, "bad certificate")
    error.reason = "SSLV3_ALERT_BAD_CERTIFICATE"
    return SSLError(error)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (wrap(untrusted()), "its certificate was not accepted: unable to get local issuer certificate"),
        (wrap(refused()), "no TLS connection: SSLV3_ALERT_BAD_CERTIFICATE"),
        (
            wrap(PermissionError(13, "Permission denied")),
            "permission denied (be root, or a member of the socket's group)",
        ),
        (wrap(FileNotFoundError(2, "No such file")), "nothing listens there: no such socket"),
        (wrap(ConnectionRefusedError(111, "refused")), "nothing listens there: connection refused"),
        (wrap(TimeoutError()), "the engine did not answer in time"),
        (requests.exceptions.ReadTimeout(), "the engine did not answer in time"),
        (docker.errors.DockerException("It says so itself"), "It says so itself"),
        (
            docker.errors.DockerException("Install paramiko package to enable ssh:// support"),
            "an engine behind ssh:// needs paramiko: pip install 'layerscope[ssh]'",
        ),
    ],
)
def test_the_innermost_cause_is_told(error: Exception, words: str) -> None:
    """With the task, the endpoint, who named it, and the stage."""
    with pytest.raises(EngineError) as raised, explaining("inspecting app", ENDPOINT, "connecting"):
        raise error
    assert str(raised.value) == f"inspecting app at tcp://builder:2376 (DOCKER_HOST): connecting: {words}"


def test_a_chain_that_bites_its_tail_ends() -> None:
    """Exceptions may name each other as their causes."""
    first, second = ValueError("first"), ValueError("second")
    first.__cause__, second.__cause__ = second, first
    with pytest.raises(EngineError, match="first"), explaining("asking", ENDPOINT, "waiting"):
        raise first
