"""What a registry has beside an image: by the referrers API, or by tags made from the image's digest.

https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-referrers,
https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md#discovery
"""

from collections.abc import Iterator
from itertools import islice
from typing import Final

from msgspec.structs import replace

from layerscope.errors import ImageError, ImageNotFoundError, LimitError, SourceError
from layerscope.image.attachment import Attached, Attachment
from layerscope.image.descriptor import Descriptor
from layerscope.image.digest import Digest
from layerscope.image.manifest import ImageIndex, parse_document
from layerscope.sources.registry.client import RegistryClient

MAX_REFERRERS: Final = 10_000
"""Everything beside one image; a busy scanner leaves some hundreds."""

_COSIGN: Final = {"sig": "signature", "att": "attestation", "sbom": "bill of materials"}
"""The suffixes of cosign's tags."""

_BY_API: Final = "by the referrers API"
_BY_TAG: Final = "by its tag"
_OF_INDEX: Final = {_BY_API: "by the referrers API, of its index", _BY_TAG: "by its index's tag"}


def list_referrers(client: RegistryClient, manifest: Digest, index: Digest | None = None) -> Attached:
    """Everything that names an image as its subject, up to where the registry could not be followed.

    Its index counts as the image: `cosign sign` and `oras attach` take what a tag names, and that is the index.
    """
    found: set[Attachment] = set()
    listed = _iter_both(client, manifest, index)
    try:
        for attachment in islice(listed, MAX_REFERRERS):
            found.add(attachment)
        if next(listed, None) is not None:
            raise LimitError(f"reading {client.where}: more than {MAX_REFERRERS:,} referrers, the limit")
    except (SourceError, ImageError) as error:
        return Attached(tuple(sorted(found)), str(error))
    return Attached(tuple(sorted(found)))


def _iter_both(client: RegistryClient, manifest: Digest, index: Digest | None) -> Iterator[Attachment]:
    """What names the manifest as its subject, and then what names the index that leads to it."""
    yield from _iter_referrers(client, manifest)
    if index is not None:
        for attachment in _iter_referrers(client, index):
            yield replace(attachment, found=_OF_INDEX[attachment.found])


def _iter_referrers(client: RegistryClient, digest: Digest) -> Iterator[Attachment]:
    tag = f"{digest.algorithm}-{digest.hex}"
    pages = client.read_referrers(digest)
    if pages is None:
        yield from _read_tag(client, tag)
    else:
        for page in pages:
            yield from _read_index(page, client, _BY_API)
    for suffix, kind in _COSIGN.items():
        manifest = client.find_manifest(f"{tag}.{suffix}")
        if manifest is not None:
            yield Attachment(kind, manifest.digest, manifest.media_type, _BY_TAG)


def _read_tag(client: RegistryClient, tag: str) -> list[Attachment]:
    """The index that clients keep under a tag where the registry has no referrers API."""
    try:
        content = client.read_manifest(tag).content
    except ImageNotFoundError:
        return []
    return _read_index(content, client, _BY_TAG)


def _read_index(content: bytes, client: RegistryClient, found: str) -> list[Attachment]:
    document = parse_document(content, where=f"{client.where}: referrers")
    if not isinstance(document, ImageIndex):
        raise ImageError(f"reading {client.where}: referrers: a manifest, expected an index")
    return [_describe(descriptor, found) for descriptor in document.manifests]


def _describe(descriptor: Descriptor, found: str) -> Attachment:
    kind = descriptor.artifact_type or descriptor.media_type.text
    return Attachment(_judge_kind(kind), descriptor.digest, kind, found)


def _judge_kind(artifact_type: str) -> str:
    """What an artifact is by its type: those of notation, cosign, in-toto, SPDX and CycloneDX are known."""
    lowered = artifact_type.lower()
    if "sig" in lowered and ("notary" in lowered or "sigstore" in lowered or "cosign" in lowered):
        return "signature"
    if "spdx" in lowered or "cyclonedx" in lowered or "sbom" in lowered:
        return "bill of materials"
    return "attestation" if "in-toto" in lowered or "attestation" in lowered else "referrer"
