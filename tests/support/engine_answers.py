"""What a container engine does with the layers of an image: it refuses them, or shows a tree."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from docker.errors import APIError, DockerException

from support.built_image import build_image
from support.docker_archives import write_docker_archive
from support.layer_rows import Row, read_exported
from support.live_engines import LiveEngine
from support.random_layers import Layers

if TYPE_CHECKING:
    from docker import DockerClient

TIMEOUT: Final = 120


@dataclass(frozen=True)
class EngineAnswer:
    """The engine's words where it refuses the image, else what a container of it sees."""

    refusal: str = ""
    rows: dict[str, Row] = field(default_factory=dict)


def ask_engine(engine: LiveEngine, layers: Layers, folder: Path) -> EngineAnswer:
    """Load the image, look into a container that is never started, and remove both; many threads may do so at once.

    An engine that fails at the container refuses the layers, too; one that misses what is its own does not.
    """
    client = _connect(engine)
    tag = f"layerscope-test/random:{threading.get_ident()}"
    image = build_image([layer.content for layer in layers], tag=tag, runtime={"Cmd": ["/none"]})
    path = folder / f"{threading.get_ident()}.tar"
    write_docker_archive(image, path)
    try:
        client.images.load(path.read_bytes())
    except DockerException as error:
        return EngineAnswer(str(error))
    try:
        return EngineAnswer(rows=read_exported(_export(client, tag)))
    except APIError as error:
        if not error.is_server_error():
            raise
        return EngineAnswer(f"loaded, but: {error}")
    finally:
        client.images.remove(tag, force=True)


def _export(client: "DockerClient", tag: str) -> bytes:
    """What a container of the image sees, as a tar."""
    container = client.containers.create(tag, network_mode="none")
    try:
        return b"".join(cast("Iterable[bytes]", container.export()))
    finally:
        container.remove(force=True)


def _connect(engine: LiveEngine) -> "DockerClient":
    """A client of this thread's own: its connections are not made to be shared."""
    from docker import DockerClient

    known: dict[str, DockerClient] = _CLIENTS.__dict__
    if engine.host not in known:
        known[engine.host] = DockerClient(base_url=engine.host, timeout=TIMEOUT)
    return known[engine.host]


_CLIENTS: Final = threading.local()
