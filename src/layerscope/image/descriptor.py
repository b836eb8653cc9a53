"""A descriptor: media type, digest and size of content stored elsewhere.

https://github.com/opencontainers/image-spec/blob/main/descriptor.md
"""

import re
from collections.abc import Mapping

from msgspec import Struct, field

from layerscope.errors import DocumentError, LimitError, ReferenceSyntaxError
from layerscope.image.digest import Digest
from layerscope.image.document import JsonObject
from layerscope.image.mediatype import MediaType
from layerscope.image.platform import Platform, parse_platform

MAX_BLOB_SIZE = 1 << 40
"""Bytes that a descriptor may claim: 1 TiB, fifty times a large GPU layer. More is a mistake or an attack."""

MAX_URLS = 64
"""Addresses of one foreign layer; real ones name one or two mirrors."""

# https://www.rfc-editor.org/rfc/rfc6838#section-4.2
_MEDIA_TYPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}")


class Descriptor(Struct, frozen=True):
    """What a document claims about content it points to."""

    media_type: MediaType
    digest: Digest
    size: int
    urls: tuple[str, ...] = ()
    annotations: Mapping[str, str] = field(default_factory=dict)
    platform: Platform | None = None
    artifact_type: str | None = None

    @property
    def is_attestation(self) -> bool:
        """Whether BuildKit attached it to describe an image rather than to be one."""
        return self.annotations.get("vnd.docker.reference.type") == "attestation-manifest"


def parse_descriptor(raw: object, *, where: str) -> Descriptor:
    """Return the descriptor that a parsed JSON value spells; raises DocumentError or LimitError."""
    fields = JsonObject.of(raw, where=where)
    platform = fields.get_object("platform")
    return Descriptor(
        media_type=parse_media_type(fields, "mediaType"),
        digest=parse_digest(fields.require_text("digest"), where=f"{where}: digest"),
        size=_parse_size(fields),
        urls=fields.get_texts("urls", MAX_URLS),
        annotations=fields.get_text_map("annotations"),
        platform=None if platform is None else parse_platform(platform.members, where=platform.where),
        artifact_type=fields.get_text("artifactType") or None,
    )


def parse_digest(text: str, *, where: str) -> Digest:
    """Return a digest found in a document; raises DocumentError where it does not parse."""
    try:
        return Digest.parse(text)
    except ReferenceSyntaxError as error:
        raise DocumentError(f"reading {where}: {error}") from error


def parse_media_type(fields: JsonObject, key: str) -> MediaType:
    """Return a media type that must be there; known and unknown ones alike, as long as they are well-formed."""
    text = fields.require_text(key)
    if not _MEDIA_TYPE.fullmatch(text):
        raise DocumentError(f"reading {fields.where}: {key} {text[:80]!r}: expected TYPE/SUBTYPE")
    return MediaType(text)


def _parse_size(fields: JsonObject) -> int:
    size = fields.get_integer("size", None)
    if size < 0:
        raise DocumentError(f"reading {fields.where}: size is {size}, expected 0 or more")
    if size > MAX_BLOB_SIZE:
        raise LimitError(f"reading {fields.where}: size is {size} bytes, limit {MAX_BLOB_SIZE}")
    return size
