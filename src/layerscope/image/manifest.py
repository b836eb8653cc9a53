"""Manifests and indexes: the layers of one image, and the images of one name.

https://github.com/opencontainers/image-spec/blob/main/manifest.md and image-index.md
"""

from collections.abc import Mapping

from msgspec import Struct, field

from layerscope.errors import DocumentError
from layerscope.image.descriptor import Descriptor, parse_descriptor, parse_media_type
from layerscope.image.document import MAX_DOCUMENT_SIZE as MAX_DOCUMENT_SIZE  # noqa: PLC0414  # asked for here by sources
from layerscope.image.document import JsonObject, parse_object
from layerscope.image.mediatype import DOCKER_CONFIG, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST, MediaType

MAX_LAYERS = 1024
"""Layers of one image; overlay2 mounts 128 and containerd some hundreds."""

MAX_MANIFESTS = 4096
"""Manifests of one index; official images list about twenty, an OCI layout used as a store some hundreds."""

SCHEMA_VERSION = 2

_INDEX_KEYS = frozenset({"manifests"})
_MANIFEST_KEYS = frozenset({"layers", "config", "blobs"})
_SCHEMA1_KEYS = frozenset({"fslayers"})


class Manifest(Struct, frozen=True):
    """One platform's image: its config and its layers, bottom first."""

    media_type: MediaType
    config: Descriptor
    layers: tuple[Descriptor, ...]
    annotations: Mapping[str, str] = field(default_factory=dict)
    subject: Descriptor | None = None
    artifact_type: str | None = None


class ImageIndex(Struct, frozen=True):
    """Several manifests under one name: OCI's index and Docker's manifest list."""

    media_type: MediaType
    manifests: tuple[Descriptor, ...]
    annotations: Mapping[str, str] = field(default_factory=dict)


def parse_document(content: bytes, *, where: str, media_type: str | None = None) -> Manifest | ImageIndex:
    """Return the manifest or index that `content` spells; `media_type` is what its descriptor says it is.

    A document that could be read as both, or that contradicts its media type, is refused: two readers would see two
    images under one digest (CVE-2021-41190, GHSA-mc8v-mgrf-8f4m).
    """
    fields = parse_object(content, where=where)
    _refuse_schema1(fields, media_type)
    # Go matches keys whatever their case, so that `Layers` is `layers` to a container runtime.
    keys = frozenset(key.lower() for key in fields.members)
    shared = keys & _MANIFEST_KEYS
    if keys >= _INDEX_KEYS and shared:
        names = ", ".join(sorted(shared | _INDEX_KEYS))
        raise DocumentError(f"reading {where}: holds {names} at once, expected either a manifest or an index")
    _check_schema_version(fields)
    embedded = parse_media_type(fields, "mediaType") if fields.get_text("mediaType") else None
    claimed = MediaType(media_type) if media_type else None
    if embedded and claimed and embedded != claimed:
        raise DocumentError(f"reading {where}: calls itself {embedded}, its descriptor says {claimed}")
    if "manifests" in fields:
        return _parse_index(fields, embedded or claimed)
    if "config" in fields and "layers" in fields:
        return _parse_manifest(fields, embedded or claimed)
    raise DocumentError(f"reading {where}: expected config and layers (a manifest) or manifests (an index)")


def _parse_manifest(fields: JsonObject, media_type: MediaType | None) -> Manifest:
    if media_type is not None and media_type.is_index:
        raise DocumentError(f"reading {fields.where}: holds layers, but its media type is the index {media_type}")
    config = parse_descriptor(fields.members["config"], where=f"{fields.where}: config")
    subject = fields.get_object("subject")
    implied = DOCKER_MANIFEST if config.media_type == DOCKER_CONFIG else OCI_MANIFEST
    return Manifest(
        media_type=media_type or implied,
        config=config,
        layers=tuple(parse_descriptor(raw, where=where) for raw, where in fields.get_items("layers", MAX_LAYERS)),
        annotations=fields.get_text_map("annotations"),
        subject=None if subject is None else parse_descriptor(subject.members, where=subject.where),
        artifact_type=fields.get_text("artifactType") or None,
    )


def _parse_index(fields: JsonObject, media_type: MediaType | None) -> ImageIndex:
    if media_type is not None and media_type.is_manifest:
        raise DocumentError(f"reading {fields.where}: holds manifests, but its media type is the manifest {media_type}")
    return ImageIndex(
        media_type=media_type or OCI_INDEX,
        manifests=tuple(
            parse_descriptor(raw, where=where) for raw, where in fields.get_items("manifests", MAX_MANIFESTS)
        ),
        annotations=fields.get_text_map("annotations"),
    )


def _refuse_schema1(fields: JsonObject, media_type: str | None) -> None:
    named = [MediaType(text) for text in (media_type, fields.get_text("mediaType")) if text]
    keys = {key.lower() for key in fields.members}
    if keys & _SCHEMA1_KEYS or fields.get_integer("schemaVersion") == 1 or any(name.is_schema1 for name in named):
        raise DocumentError(
            f"reading {fields.where}: Docker's schema 1 manifest, which has no config and no DiffIDs; "
            "expected schema 2 or OCI (pull and push the image again with a current Docker)"
        )


def _check_schema_version(fields: JsonObject) -> None:
    version = fields.get_integer("schemaVersion", SCHEMA_VERSION)
    if version != SCHEMA_VERSION:
        raise DocumentError(f"reading {fields.where}: schemaVersion is {version}, expected {SCHEMA_VERSION}")
