"""An image by its OCI documents: `index.json` or an index, the manifest for a platform, its config and layers."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial

from layerscope.errors import DocumentError, ImageNotFoundError, UsageError
from layerscope.image.attachment import Attached, Attachment
from layerscope.image.config import parse_config
from layerscope.image.descriptor import Descriptor
from layerscope.image.digest import Digest
from layerscope.image.document import parse_object
from layerscope.image.image import Image
from layerscope.image.manifest import ImageIndex, Manifest, parse_document
from layerscope.image.validate import check_documents, check_is_image
from layerscope.sources.blobs import find_layers, read_blob, read_manifest_blob
from layerscope.sources.contents import Contents, read_document
from layerscope.sources.platforms import Candidate, check_platform, choose_platform, list_platforms, walk_index
from layerscope.sources.request import ImageRequest
from layerscope.sources.selector import list_names, spell_choice

INDEX_NAME = "index.json"
VERSION_NAME = "oci-layout"

_SUBJECT = "vnd.docker.reference.digest"
"""The annotation by which an attestation names its image."""

_NAME_ANNOTATIONS = ("io.containerd.image.name", "org.opencontainers.image.ref.name")
"""Where the full name (containerd, Docker) and the name or tag (OCI) of an image stand."""


def open_layout_image(contents: Contents, request: ImageRequest, *, source: str) -> Image:
    """Return the image that a layout's `index.json` lists and `request` picks; raises ImageError and SourceError."""
    where = f"{contents.where}: {INDEX_NAME}"
    notes = _check_version(contents)
    index = parse_document(read_document(contents, INDEX_NAME), where=where)
    if not isinstance(index, ImageIndex):
        raise DocumentError(f"reading {where}: a manifest, expected the index of an OCI layout")
    picked, index_digest = _pick(contents, index, request)
    image = open_described_image(contents, picked, request, source=source, index_digest=index_digest)
    return replace(image, notes=notes + image.notes)


def open_described_image(
    contents: Contents,
    descriptors: Sequence[Descriptor],
    request: ImageRequest,
    *,
    source: str,
    index_digest: Digest | None = None,
) -> Image:
    """Return the image for the request's platform among what `descriptors` lead to, its documents verified.

    `index_digest` is that of the index which listed the descriptors, where one did.
    """
    listed = list(walk_index(contents, descriptors))
    candidates = [candidate for candidate in listed if candidate.is_image]
    if not candidates:
        raise _no_image(contents, [found.descriptor for found in listed if not found.descriptor.media_type.is_index])
    chosen = choose_platform(contents, candidates, request.platform)
    manifest = read_manifest_blob(contents, chosen.descriptor)
    assert isinstance(manifest, Manifest), "a document is what its descriptor's media type says"
    where = f"{contents.where}: manifest {chosen.descriptor.digest}"
    check_is_image(manifest, where=where)
    content = read_blob(contents, manifest.config, what="config")
    config = parse_config(content, where=f"{contents.where}: config {manifest.config.digest}")
    check_documents(manifest, config, where=where)
    return Image(
        reference=request.reference,
        source=source,
        config=config,
        config_digest=manifest.config.digest,
        layers=find_layers(contents, manifest, config.rootfs),
        manifest=manifest,
        manifest_digest=chosen.descriptor.digest,
        index_digest=chosen.index_digest or index_digest,
        platforms=list_platforms(candidates),
        notes=check_platform(config, request.platform, chosen.descriptor.platform, where=contents.where),
        list_attached=partial(_find_attestations, listed, chosen.descriptor.digest),
    )


def _find_attestations(listed: Sequence[Candidate], digest: Digest) -> Attached:
    """The attestations that an index lists for an image, as BuildKit writes them.

    https://github.com/moby/buildkit/blob/master/docs/attestations/attestation-storage.md
    """
    return Attached(
        tuple(
            Attachment("attestation", candidate.descriptor.digest, candidate.descriptor.media_type.text, "in its index")
            for candidate in listed
            if candidate.descriptor.is_attestation and candidate.descriptor.annotations.get(_SUBJECT) == str(digest)
        )
    )


def _check_version(contents: Contents) -> tuple[str, ...]:
    stored = contents.find(VERSION_NAME)
    if stored is None:
        return (f"the layout has no {VERSION_NAME} file, which the specification asks for",)
    where = f"{contents.where}: {VERSION_NAME}"
    version = parse_object(read_document(contents, VERSION_NAME), where=where).require_text("imageLayoutVersion")
    if version.partition(".")[0] != "1":
        raise DocumentError(f"reading {where}: imageLayoutVersion is {version[:40]!r}, expected 1.0.0")
    return ()


def _pick(contents: Contents, index: ImageIndex, request: ImageRequest) -> tuple[Sequence[Descriptor], Digest | None]:
    """Return the descriptors that are meant, and the index that lists them if it is not the layout's own."""
    selector = request.selector
    if selector is None:
        return _pick_only(contents, index, request), None
    if selector.position is not None:
        if selector.position < len(index.manifests):
            return (index.manifests[selector.position],), None
        raise ImageNotFoundError(
            f"opening {contents.where}: no image {selector.label}, there are {len(index.manifests)}, counted from 0"
        )
    if selector.digest is not None:
        return _pick_digest(contents, index, selector.digest)
    picked = [found for found in index.manifests if selector.is_named(name_descriptor(found))]
    if not picked:
        raise ImageNotFoundError(f"opening {contents.where}: no image {selector.label}; {_describe(index.manifests)}")
    return picked, None


def _pick_only(contents: Contents, index: ImageIndex, request: ImageRequest) -> Sequence[Descriptor]:
    """Several descriptors may be one image: under several tags, or for several platforms."""
    found: dict[Digest, Descriptor] = {}
    for descriptor in index.manifests:
        if descriptor.media_type.is_index or Candidate(descriptor, None, is_here=True).is_image:
            found.setdefault(descriptor.digest, descriptor)
    if len({name_descriptor(descriptor) for descriptor in found.values()}) > 1:
        raise UsageError(
            f"opening {contents.where}: it holds several images, choose one as "
            f"{spell_choice(request.reference, 'oci-archive')}; {_describe(found.values())}"
        )
    return tuple(found.values()) or index.manifests


def _pick_digest(contents: Contents, index: ImageIndex, digest: Digest) -> tuple[Sequence[Descriptor], Digest | None]:
    for candidate in walk_index(contents, index.manifests):
        if candidate.descriptor.digest == digest:
            return (candidate.descriptor,), candidate.index_digest
    raise ImageNotFoundError(f"opening {contents.where}: no manifest or index @{digest}; {_describe(index.manifests)}")


def name_descriptor(descriptor: Descriptor) -> tuple[str, ...]:
    """Return the names that a layout's index gives an image."""
    return tuple(descriptor.annotations[key] for key in _NAME_ANNOTATIONS if descriptor.annotations.get(key))


def _describe(descriptors: Iterable[Descriptor]) -> str:
    names = [next(iter(name_descriptor(found)), f"@{found.digest}") for found in descriptors]
    listed = ", ".join(names)
    return f"there is {list_names(names)}" if listed else "there is none"


def _no_image(contents: Contents, descriptors: Sequence[Descriptor]) -> DocumentError:
    kinds = list_names(
        "an attestation" if found.is_attestation else found.artifact_type or found.media_type.text
        for found in descriptors
    )
    held = f"only {kinds}" if kinds else "its index lists nothing"
    return DocumentError(f"opening {contents.where}: it holds no container image, {held}; expected a manifest")
