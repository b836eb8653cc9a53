"""Where an engine keeps its images, as it says itself."""

from pathlib import Path

from msgspec import Struct

from layerscope.engine.client import Engine
from layerscope.errors import EngineError

SNAPSHOTTER = "io.containerd.snapshotter.v1"
"""The driver type that an engine reports when containerd keeps its images."""


class EngineStorage(Struct, frozen=True):
    """An engine's storage driver and root folder; whether that folder is this host's is for its reader to prove."""

    driver: str
    root: Path
    containerd: bool
    """Whether images lie in containerd's content store."""


def describe_storage(engine: Engine) -> EngineStorage:
    """Return what the engine says of its storage; raises EngineError."""
    task = "asking for the engine's storage"
    answer = engine.fetch("/info", task=task)
    driver = answer.get("Driver") if isinstance(answer, dict) else None
    root = answer.get("DockerRootDir") if isinstance(answer, dict) else None
    if not isinstance(answer, dict) or not isinstance(driver, str) or not isinstance(root, str):
        raise EngineError(f"{task}: expected Driver and DockerRootDir from the engine at {engine.endpoint}")
    status = answer.get("DriverStatus") or ()
    containerd = any(list(pair) == ["driver-type", SNAPSHOTTER] for pair in status if isinstance(pair, list))
    return EngineStorage(driver, Path(root), containerd)
