"""An engine's image that earlier audits know to the last byte: its documents were kept, its layers need no reading."""

from dataclasses import dataclass, replace

from layerscope.errors import ImageError, PlatformNotFoundError
from layerscope.image.config import ImageConfig, parse_config
from layerscope.image.digest import Digest
from layerscope.image.image import Image, KnownContent
from layerscope.image.manifest import Manifest
from layerscope.image.platform import host_platform
from layerscope.image.validate import check_digest
from layerscope.sources.blobs import read_blob, read_manifest_blob
from layerscope.sources.content_store import describe_document
from layerscope.sources.contents import Contents, NamedContents, StoredBytes, blob_name, read_document
from layerscope.sources.engine_export import ExportedImage, ExportedLayer
from layerscope.sources.passing_archive import KeptBytes
from layerscope.sources.platforms import check_platform, choose_platform, list_platforms, walk_index
from layerscope.sources.request import ImageRequest


@dataclass(frozen=True, slots=True)
class KnownDocuments(NamedContents):
    """The documents that earlier audits kept, as the contents of a layout."""

    known: KnownContent
    where: str = "the documents that earlier audits kept"
    damage: str | None = None

    def find(self, name: str) -> StoredBytes | None:
        """Return the document of that digest, or None."""
        _, algorithm, value = name.split("/")
        content = self.known.find_document(Digest(algorithm, value))
        return None if content is None else KeptBytes(name, content, len(content))


def find_known_image(
    exported: ExportedImage,
    request: ImageRequest,
    known: KnownContent,
    *,
    is_config_id: bool,
    source: str,
    notes: tuple[str, ...],
) -> Image | None:
    """Return the image of an engine's ID if nothing of it need be read, or None; nothing that was kept is an error.

    `is_config_id` tells what the ID is the digest of: the config, or the manifest or index.
    """
    contents = KnownDocuments(known)
    try:
        find = _find_by_config if is_config_id else _find_by_manifest
        image = find(contents, exported, request, source)
    except (ImageError, PlatformNotFoundError):
        return None  # what was kept does not do, so the engine's export will tell
    if not all(known.has_layer(diff_id) for diff_id in image.config.rootfs):
        return None
    return replace(image, notes=notes + image.notes)


def keep_documents(contents: Contents, image: Image, image_id: Digest, known: KnownContent) -> None:
    """Keep what leads from an engine's ID to the image's config, under the digests."""
    digests = (image_id, image.index_digest, image.manifest_digest, image.config_digest)
    for digest in dict.fromkeys(digest for digest in digests if digest is not None):
        for name in (blob_name(digest), f"{digest.hex}.json"):
            if contents.find(name) is not None:
                content = read_document(contents, name)
                check_digest(content, digest, where=f"{contents.where}: {name}")
                known.keep_document(content, digest.algorithm)
                break


def _find_by_config(contents: KnownDocuments, exported: ExportedImage, request: ImageRequest, source: str) -> Image:
    content = read_document(contents, blob_name(exported.image_id))
    config = parse_config(content, where=f"{contents.where}: config {exported.image_id}")
    return Image(
        reference=request.reference,
        source=source,
        config=config,
        config_digest=exported.image_id,
        layers=_make_layers(exported, config),
        notes=check_platform(config, request.platform, None, where=request.reference),
    )


def _find_by_manifest(contents: KnownDocuments, exported: ExportedImage, request: ImageRequest, source: str) -> Image:
    content = read_document(contents, blob_name(exported.image_id))
    top = describe_document(content, exported.image_id, where=contents.where)
    candidates = [candidate for candidate in walk_index(contents, [top]) if candidate.is_image]
    # Named outright: of several platforms, the only one that was kept need not be the one that is meant.
    chosen = choose_platform(contents, candidates, request.platform or host_platform())
    manifest = read_manifest_blob(contents, chosen.descriptor)
    assert isinstance(manifest, Manifest), "a document is what its descriptor's media type says"
    content = read_blob(contents, manifest.config, what="config")
    config = parse_config(content, where=f"{contents.where}: config {manifest.config.digest}")
    return Image(
        reference=request.reference,
        source=source,
        config=config,
        config_digest=manifest.config.digest,
        layers=_make_layers(exported, config),
        manifest=manifest,
        manifest_digest=chosen.descriptor.digest,
        index_digest=chosen.index_digest,
        platforms=list_platforms(candidates),
        notes=check_platform(config, request.platform, chosen.descriptor.platform, where=request.reference),
    )


def _make_layers(exported: ExportedImage, config: ImageConfig) -> tuple[ExportedLayer, ...]:
    """Return layers without descriptors: no blob of them was read, so none is claimed."""
    return tuple(
        ExportedLayer(f"layer {index}: {diff_id}", diff_id, index, exported, is_named=False)
        for index, diff_id in enumerate(config.rootfs)
    )
