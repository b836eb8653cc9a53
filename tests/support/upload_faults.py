"""A blob that is sent to the small registry, and what may go wrong with it on the way."""

import io
import random
from collections.abc import Callable

from layerscope.image.descriptor import Descriptor
from layerscope.image.digest import Digest
from layerscope.image.mediatype import OCI_LAYER_GZIP
from layerscope.sources.registry.credentials import Credential
from layerscope.sources.registry.endpoint import Endpoint
from layerscope.sources.registry.publisher import RegistryPublisher
from support.registry_server import RegistryHandler
from support.registry_uploads import WritableHandler, WritableRegistry

CONTENT = random.Random(1).randbytes(4500)
BLOB = Descriptor(OCI_LAYER_GZIP, Digest.of(CONTENT), len(CONTENT))
NAME = str(BLOB.digest)

Act = Callable[[WritableHandler], bool]


def open_publisher(registry: WritableRegistry, credential: Credential | None = None) -> RegistryPublisher:
    """The repository `team/demo`."""
    return RegistryPublisher(Endpoint("http", registry.address), "team/demo", lambda: credential, {})


def upload(registry: WritableRegistry, content: bytes = CONTENT, blob: Descriptor = BLOB) -> bool:
    """Send a blob."""
    return open_publisher(registry).upload_blob(blob, lambda: io.BytesIO(content))


def on(registry: WritableRegistry, method: str, *acts: Act) -> None:
    """Let each of these answer once to a method, one after the other; a request about uploads alone."""
    left = list(acts)

    def fault(handler: RegistryHandler, path: str) -> bool:
        assert isinstance(handler, WritableHandler)
        if handler.command != method or not left or "/blobs/uploads/" not in path:
            return False
        return left.pop(0)(handler)

    registry.fault = fault


def leave(_handler: WritableHandler) -> bool:
    """Nothing is done: the registry answers."""
    return False


def keep(count: int) -> Act:
    """The connection breaks when some bytes of a chunk have arrived."""

    def act(handler: WritableHandler) -> bool:
        handler.upload.content += handler.body[:count]
        handler.hang_up()
        return True

    return act


def answer(status: int, **headers: str) -> Act:
    """The chunk is not taken, and that is answered."""

    def act(handler: WritableHandler) -> bool:
        handler.reply(status, b'{"errors": [{"code": "X", "message": "so it goes"}]}', **headers)
        return True

    return act


def forget(handler: WritableHandler) -> bool:
    """All uploads are lost, and the registry goes on to answer."""
    handler.registry.uploads.clear()
    return False


def finish(handler: WritableHandler) -> bool:
    """The upload is closed, and nobody hears of it."""
    handler.registry.blobs[NAME] = bytes(handler.upload.content)
    handler.registry.uploads.clear()
    handler.hang_up()
    return True
