"""The platforms of an image that an engine keeps several of, and so pushes several of.

Engines with the containerd image store do: https://docs.docker.com/engine/storage/containerd/
"""

from collections.abc import Iterator, Mapping

from layerscope.engine.client import Engine, quote_name
from layerscope.engine.storage import describe_storage
from layerscope.errors import EngineError, ImageError, ImageNotFoundError, SourceError
from layerscope.image.digest import Digest
from layerscope.image.manifest import Manifest
from layerscope.image.platform import Platform
from layerscope.sources.blobs import read_manifest_blob
from layerscope.sources.content_store import STORE, StoreContents, describe_document, find_content_root
from layerscope.sources.contents import Contents, blob_name, read_document
from layerscope.sources.platforms import Candidate, find_platform, walk_index

FIRST_API = (1, 48)
"""Docker Engine 28, which tells the manifests of an image: https://docs.docker.com/reference/api/engine/version-history/."""


def list_stored_platforms(
    engine: Engine, name: str, image_id: str, environment: Mapping[str, str]
) -> tuple[Platform, ...]:
    """The platforms that the engine has whole of an image, in their order; one or none where there is one alone.

    Raises SourceError where that cannot be told: an older engine on another host, or a store that may not be read.
    """
    storage = describe_storage(engine)
    if not storage.containerd:
        return ()
    major, minor = engine.api_version.split(".")
    if (int(major), int(minor)) >= FIRST_API:
        return tuple(_ask_platforms(engine, name))
    if engine.endpoint.unix_socket is None:
        raise SourceError(f"the engine at {engine.endpoint.url} may be on another host")
    digest = Digest.parse(image_id)
    root = find_content_root(storage.root, digest, environment)
    contents = StoreContents(str(root / STORE), label=f"{name} in {root / STORE}")
    top = describe_document(read_document(contents, blob_name(digest)), digest, where=contents.where)
    found = (find_platform(contents, each) for each in walk_index(contents, [top]) if _is_whole(contents, each))
    return tuple(platform for platform in found if platform is not None)


def _ask_platforms(engine: Engine, name: str) -> Iterator[Platform]:
    task = f"asking for the platforms of {name}"
    answer = engine.fetch(f"/images/{quote_name(name)}/json?manifests=1", task=task)
    manifests = answer.get("Manifests") if isinstance(answer, dict) else None
    for each in manifests or ():
        try:
            if each["Available"] and each["Kind"] == "image":
                told = each["ImageData"]["Platform"]
                yield Platform(told["os"], told["architecture"], told.get("variant") or None).normal
        except (KeyError, TypeError) as error:
            raise EngineError(f"{task}: expected manifests with a platform from {engine.name}") from error


def _is_whole(contents: Contents, candidate: Candidate) -> bool:
    """Whether an image is here with its config and all layers."""
    if not candidate.is_here or not candidate.is_image:
        return False
    try:
        manifest = read_manifest_blob(contents, candidate.descriptor)
    except (ImageError, ImageNotFoundError):
        return False
    blobs = (manifest.config, *manifest.layers) if isinstance(manifest, Manifest) else ()
    return bool(blobs) and all(contents.find_blob(each) is not None for each in blobs)
