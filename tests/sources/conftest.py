"""A stand-in engine for each test that asks for one."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from support.engine_stub import EngineStub, run_engine


@pytest.fixture
def stub() -> Iterator[EngineStub]:
    """A Docker Engine 20.10 without images and without storage on this host."""
    with TemporaryDirectory(prefix="ls") as folder, run_engine(Path(folder)) as engine:
        engine.info = {"Driver": "overlay2", "DockerRootDir": f"{folder}/data"}
        yield engine
