"""Containers of a stub engine: of an image that it has, with what they changed and show."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from support.built_image import BuiltImage
from support.docker_archives import Style, write_docker_archive
from support.engine_storage import inspect
from support.engine_stub import EngineStub, StubContainer
from support.tar_writer import TarMember, write_tar

MODIFIED, ADDED, DELETED = 0, 1, 2
ID: Final = "c" * 64


def offer(stub: EngineStub, built: BuiltImage, folder: Path) -> None:
    """Give the engine an image."""
    write_docker_archive(built, folder / "export.tar", style=Style.DOCKER_20)
    image = inspect(built, export=(folder / "export.tar").read_bytes())
    stub.images |= {"app:1": image, str(image.inspected["Id"]): image}


def describe(stub: EngineStub, **more: Any) -> dict[str, Any]:
    """What the engine says of a container of that image."""
    image = str(stub.images["app:1"].inspected["Id"])
    config = {"Image": "app:1", "Env": ["A=1"], "Cmd": ["serve"], "Hostname": "c0ffee"}
    return {"Id": ID, "Name": "/web", "Image": image, "Config": config, "Mounts": []} | more


def start(stub: EngineStub, changes: Mapping[str, int] | None, members: Sequence[TarMember] = (), **more: Any) -> None:
    """Give the engine a container called web that changed these paths, and shows these files."""
    told = None if changes is None else [{"Path": path, "Kind": kind} for path, kind in changes.items()]
    container = StubContainer(describe(stub, **more), told, write_tar(members))
    stub.containers |= {"web": container, ID: container}
