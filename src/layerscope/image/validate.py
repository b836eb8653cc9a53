"""What must hold between an image's documents, each as one check."""

from layerscope.errors import DigestMismatchError, DocumentError
from layerscope.image.config import ImageConfig
from layerscope.image.descriptor import Descriptor
from layerscope.image.digest import Digest
from layerscope.image.manifest import Manifest
from layerscope.image.mediatype import OCI_EMPTY


def check_documents(manifest: Manifest, config: ImageConfig, *, where: str) -> None:
    """Raise DocumentError unless manifest and config describe the same stack of layers."""
    check_is_image(manifest, where=where)
    layers, diff_ids = len(manifest.layers), len(config.rootfs)
    if layers != diff_ids:
        raise DocumentError(
            f"reading {where}: the manifest lists {layers} layers, its config {diff_ids} DiffIDs; expected as many"
        )


def check_is_image(manifest: Manifest, *, where: str) -> None:
    """Raise DocumentError when the manifest is an artifact or an attestation, which no container can be made of.

    A config of an unknown media type is let through: what decides is whether it parses.
    """
    config_type = manifest.config.media_type
    if manifest.layers and all(layer.media_type.is_attestation for layer in manifest.layers):
        kind = "an in-toto attestation"
    elif manifest.artifact_type and not config_type.is_config:
        kind = f"an artifact of type {manifest.artifact_type}"
    elif config_type == OCI_EMPTY:
        kind = "an artifact with an empty config"
    else:
        return
    raise DocumentError(f"reading {where}: this is {kind}, expected a container image")


def check_layer_count(found: int, config: ImageConfig, *, where: str) -> None:
    """Raise DocumentError unless there are as many layers as DiffIDs, for sources without a manifest."""
    if found != len(config.rootfs):
        raise DocumentError(
            f"reading {where}: {found} layers, its config lists {len(config.rootfs)} DiffIDs; expected as many"
        )


def check_content(content: bytes, descriptor: Descriptor, *, where: str) -> None:
    """Raise DigestMismatchError unless a document's bytes are those that its descriptor names."""
    if len(content) != descriptor.size:
        raise DigestMismatchError(f"reading {where}: {len(content)} bytes, its descriptor promises {descriptor.size}")
    check_digest(content, descriptor.digest, where=where)


def check_digest(content: bytes, digest: Digest, *, where: str) -> None:
    """Raise DigestMismatchError unless a document's bytes have that digest."""
    found = Digest.of(content, digest.algorithm)
    if found != digest:
        raise DigestMismatchError(f"reading {where}: its digest is {found}, expected {digest}")
