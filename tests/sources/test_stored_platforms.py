"""An engine that pushes an image for several platforms tells which it has whole."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import pytest

from layerscope.engine.client import connect
from layerscope.engine.storage import SNAPSHOTTER
from layerscope.errors import SourceError
from layerscope.sources.stored_platforms import list_stored_platforms
from support.engine_stub import EngineStub, StubImage, docker_version, run_engine

NAME: Final = "team/llm:1"
ID: Final = f"sha256:{'a' * 64}"
CONTAINERD: Final = {
    "Driver": "overlayfs",
    "DockerRootDir": "/nonexistent",
    "DriverStatus": [["driver-type", SNAPSHOTTER]],
}


def manifest(architecture: str, *, available: bool = True, kind: str = "image", variant: str = "") -> dict[str, Any]:
    """A manifest as Docker Engine 28 tells it."""
    platform = {"os": "linux", "architecture": architecture, "variant": variant}
    return {"Available": available, "Kind": kind, "ImageData": {"Platform": platform}}


@pytest.fixture
def stub() -> Iterator[EngineStub]:
    """A Docker Engine 28 with the containerd store."""
    version = docker_version("28.5.0", "1.51", "1.24")
    with TemporaryDirectory(prefix="ls") as folder, run_engine(Path(folder), version) as engine:
        engine.info = CONTAINERD
        yield engine


def ask(stub: EngineStub, *manifests: dict[str, Any]) -> list[str]:
    """The platforms of an image with these manifests."""
    stub.images[NAME] = StubImage({"Id": ID, "Manifests": manifests})
    with connect(stub.endpoint) as engine:
        return [str(platform) for platform in list_stored_platforms(engine, NAME, ID, {})]


def test_platforms_are_those_that_are_here(stub: EngineStub) -> None:
    """Neither those that were left in the registry, nor attestations."""
    told = [manifest("amd64"), manifest("arm64", variant="v8"), manifest("s390x", available=False)]
    assert ask(stub, *told, manifest("unknown", kind="attestation")) == ["linux/amd64", "linux/arm64"]


def test_an_answer_that_cannot_be_understood_is_an_error(stub: EngineStub) -> None:
    """Nothing is pushed that nobody could name."""
    with pytest.raises(SourceError, match="expected manifests with a platform"):
        ask(stub, {"Available": True, "Kind": "image"})


def test_other_stores_have_one_platform(stub: EngineStub) -> None:
    """Their images have no index."""
    stub.info = {"Driver": "overlay2", "DockerRootDir": "/nonexistent"}
    assert ask(stub) == []


def test_an_older_engine_is_read_in_place_or_not_at_all(stub: EngineStub) -> None:
    """Its store has to be at hand."""
    stub.version = docker_version("26.1.5", "1.45", "1.24")
    with pytest.raises(SourceError, match="no containerd root on this host holds"):
        ask(stub)
