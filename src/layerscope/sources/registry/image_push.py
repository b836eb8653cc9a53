"""A whole image pushed in the order of the specification: blobs, the manifests that name them, their index."""

from layerscope.errors import SourceError
from layerscope.image.descriptor import Descriptor
from layerscope.image.digest import Digest
from layerscope.image.manifest import ImageIndex, Manifest, parse_document
from layerscope.image.validate import check_content
from layerscope.sources.contents import Contents, blob_name, missing, read_stored
from layerscope.sources.registry.publisher import RegistryPublisher

MAX_NESTING = 4
"""Indexes within indexes; real ones have one, and a layout's own comes on top."""


def push_image(
    publisher: RegistryPublisher, contents: Contents, top: Descriptor, tag: str, *, replace: bool = False
) -> Digest:
    """Publish what a descriptor names, with all below it; the tag comes last, and nothing is sent if it is taken."""
    if replace or not publisher.is_tagged(tag, top.digest):
        content = _push_below(publisher, contents, top, set(), MAX_NESTING)
        publisher.put_manifest(content, top.media_type, tag, replace=replace)
    return top.digest


def _push_below(
    publisher: RegistryPublisher, contents: Contents, descriptor: Descriptor, done: set[Digest], depth: int
) -> bytes:
    """Publish what a manifest or index names; returns its bytes, which are not published yet."""
    name, where = blob_name(descriptor.digest), f"{contents.where}: {descriptor.digest}"
    content = read_stored(contents, name, contents.find_blob(descriptor))
    check_content(content, descriptor, where=where)
    match parse_document(content, where=where, media_type=descriptor.media_type.text):
        case Manifest() as manifest:
            for blob in (manifest.config, *manifest.layers):
                if blob.digest not in done and not blob.media_type.is_foreign:
                    _push_blob(publisher, contents, blob)
                done.add(blob.digest)
        case ImageIndex() as index:
            if not depth:
                raise SourceError(f"pushing {where}: indexes nested deeper than {MAX_NESTING}, the limit")
            for child in index.manifests:
                if child.digest not in done:
                    below = _push_below(publisher, contents, child, done, depth - 1)
                    publisher.put_manifest(below, child.media_type, str(child.digest))
                done.add(child.digest)
    return content


def _push_blob(publisher: RegistryPublisher, contents: Contents, blob: Descriptor) -> None:
    stored = contents.find_blob(blob)
    if stored is None:
        raise missing(contents, blob_name(blob.digest))
    publisher.upload_blob(blob, stored.open)
