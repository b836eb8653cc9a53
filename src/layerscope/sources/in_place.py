"""An engine's image read in place: straight from the engine's storage, where that is on this host and may be read."""

import os
import sys
from collections.abc import Mapping

from layerscope.engine.client import Engine
from layerscope.engine.storage import EngineStorage
from layerscope.errors import SourceError
from layerscope.image.digest import Digest
from layerscope.image.image import Image
from layerscope.sources.content_store import find_content_root, open_content_image
from layerscope.sources.request import ImageRequest


def open_in_place(
    engine: Engine,
    storage: EngineStorage,
    image_id: Digest,
    request: ImageRequest,
    *,
    environment: Mapping[str, str],
) -> Image:
    """Return the image of that ID from the engine's storage; raises SourceError or ImageError, which say why not.

    That the storage is this engine's is proved by its content: it must hold the image under the same digest.
    """
    if engine.endpoint.unix_socket is None:
        raise SourceError(f"the engine at {engine.endpoint.url} may be on another host")
    if storage.containerd:
        root = find_content_root(storage.root, image_id, environment)
        source = f"{engine.name} (containerd content store, read in place)"
        return open_content_image(root, image_id, request, source=source)
    if sys.platform != "linux":
        raise SourceError(f"{storage.root} lies in the engine's virtual machine")
    if os.geteuid() != 0:
        # A layer holds files of every owner, and its folders may be closed to all but them.
        raise SourceError(f"reading {storage.root} needs root")
    # These open files in ways that only Linux has.
    from layerscope.sources.graph_store import open_graph_image
    from layerscope.sources.podman_store import open_podman_image

    source = f"{engine.name} ({storage.driver}, read in place)"
    open_image = open_podman_image if engine.is_podman else open_graph_image
    return open_image(storage.root, storage.driver, image_id, request, source=source)
