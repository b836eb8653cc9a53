"""An engine says where it keeps its images."""

from pathlib import Path

import pytest

from layerscope.engine.client import connect
from layerscope.engine.storage import EngineStorage, describe_storage
from layerscope.errors import EngineError
from support.engine_stub import EngineStub


@pytest.mark.parametrize(
    ("driver", "status", "containerd"),
    [
        ("overlay2", [["Backing Filesystem", "extfs"], ["userxattr", "false"]], False),
        ("overlayfs", [["driver-type", "io.containerd.snapshotter.v1"]], True),
        ("vfs", None, False),
    ],
)
def test_the_containerd_store_is_told_from_a_graph_driver(
    stub: EngineStub, driver: str, status: object, containerd: bool
) -> None:
    """The driver's type gives it away; the driver's name alone does not."""
    stub.info = {"Driver": driver, "DriverStatus": status, "DockerRootDir": "/data/docker"}
    with connect(stub.endpoint) as engine:
        assert describe_storage(engine) == EngineStorage(driver, Path("/data/docker"), containerd)


def test_an_engine_that_says_nothing_of_its_storage_is_an_error(stub: EngineStub) -> None:
    """Without a folder there is nothing to look for."""
    stub.info = {"Driver": "overlay2"}
    with connect(stub.endpoint) as engine, pytest.raises(EngineError, match="expected Driver and DockerRootDir"):
        describe_storage(engine)
