"""Engines for the tests of this folder: a test runs on each, and all are stopped in the end."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.build_workshop import Workshop
from support.live_engines import ENGINES, EngineUnavailableError, LiveEngine, start_engine, stop_engines
from support.planted_bench import Bench, prepare_plain, prepare_torch
from support.torch_python import find_torch_python


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
def podman_engine() -> Iterator[LiveEngine]:
    """Podman alone."""
    yield from _run("podman")


@pytest.fixture(scope="session")
def containerd_engine() -> Iterator[LiveEngine]:
    """A Docker Engine with the containerd image store."""
    yield from _run("docker-26.1-containerd")


@pytest.fixture(scope="session", params=["docker-20.10", "docker-26.1", "podman"])
def building_engine(request: pytest.FixtureRequest) -> Iterator[LiveEngine]:
    """The classic builder, BuildKit behind buildx, and podman's builder, each with its engine."""
    yield from _run(str(request.param))


@pytest.fixture(scope="session")
def classic_engine() -> Iterator[LiveEngine]:
    """An engine whose program has no buildx."""
    yield from _run("docker-20.10")


@pytest.fixture(scope="session")
def buildx_engine() -> Iterator[LiveEngine]:
    """An engine whose program has it."""
    yield from _run("docker-26.1")


@pytest.fixture
def workshop(building_engine: LiveEngine, tmp_path: Path) -> Workshop:
    """A workshop of each engine."""
    return Workshop(building_engine, tmp_path)


@pytest.fixture(scope="session")
def engine_host(docker_engine: LiveEngine) -> str:
    """The address of the host's own Docker Engine."""
    return docker_engine.host


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers of a test run share."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "planted"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture
def plain(docker_engine: LiveEngine, shared: Path, tmp_path: Path) -> Bench:
    """A bench for images on a Python."""
    return prepare_plain(docker_engine, shared, tmp_path)


@pytest.fixture
def torch(docker_engine: LiveEngine, shared: Path, tmp_path: Path) -> Bench:
    """A bench for images on PyTorch."""
    return prepare_torch(docker_engine, shared, tmp_path, find_torch_python())


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
