"""Engines for the tests of this folder: a test runs on each, and all are stopped in the end."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.live_engines import ENGINES, EngineUnavailableError, LiveEngine, start_engine, stop_engines


@pytest.fixture(scope="session", params=list(ENGINES))
def engine(request: pytest.FixtureRequest) -> Iterator[LiveEngine]:
    """One engine after the other."""
    yield from _run(str(request.param))


@pytest.fixture(scope="session", params=["docker-26.1-containerd", "podman"])
def oci_engine(request: pytest.FixtureRequest) -> Iterator[LiveEngine]:
    """One engine after the other of those that load OCI archives."""
    yield from _run(str(request.param))


@pytest.fixture(scope="session")
def docker_engine() -> Iterator[LiveEngine]:
    """The host's own Docker Engine, with overlay2."""
    yield from _run("docker-20.10")


@pytest.fixture(scope="session")
def containerd_engine() -> Iterator[LiveEngine]:
    """A Docker Engine with the containerd image store."""
    yield from _run("docker-26.1-containerd")


@pytest.fixture(scope="session")
def engine_host(docker_engine: LiveEngine) -> str:
    """The address of the host's own Docker Engine."""
    return docker_engine.host


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder: none runs without an engine."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker("engine")


def pytest_sessionfinish() -> None:
    """Stop the engines once the last worker is done with them."""
    stop_engines()


def _run(name: str) -> Iterator[LiveEngine]:
    try:
        live = start_engine(name)
    except EngineUnavailableError as error:
        pytest.skip(f"no engine {name}: {error}")
    yield live
    live.client.close()
