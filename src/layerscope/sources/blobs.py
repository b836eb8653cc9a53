"""Content-addressed blobs of a layout: documents verified as they are read, layers as the manifest names them."""

from collections.abc import Sequence
from dataclasses import dataclass

from layerscope.errors import LimitError, SourceError
from layerscope.image.descriptor import Descriptor
from layerscope.image.digest import Digest
from layerscope.image.layer import ByteStream, Layer, Stamp
from layerscope.image.manifest import MAX_DOCUMENT_SIZE, ImageIndex, Manifest, parse_document
from layerscope.image.validate import check_content
from layerscope.sources.contents import Contents, StoredBytes, blob_name, missing, read_stored


@dataclass(frozen=True, slots=True)
class StoredLayer:
    """A layer whose bytes lie in a layout or archive; `stored` is None for one that lies elsewhere."""

    name: str
    diff_id: Digest
    descriptor: Descriptor | None
    stored: StoredBytes | None
    absent: str | None = None
    is_addressed: bool = False

    @property
    def stored_size(self) -> int | None:
        """Bytes that `open` yields."""
        return None if self.stored is None else self.stored.size

    @property
    def stamp(self) -> Stamp | None:
        """Identity of the bytes on this host."""
        return None if self.stored is None else self.stored.stamp

    @property
    def suits_workers(self) -> bool:
        """Whether the bytes are in a file of this host, or fetched by their digest."""
        return self.stamp is not None or self.is_addressed

    def open(self) -> ByteStream:
        """Open the stored bytes from the start; raises SourceError."""
        if self.stored is None:
            raise SourceError(f"opening layer {self.name}: {self.absent}")
        return self.stored.open()

    def open_range(self, offset: int, size: int) -> ByteStream:
        """Open some of the stored bytes; raises SourceError."""
        if self.stored is None:
            raise SourceError(f"opening layer {self.name}: {self.absent}")
        return self.stored.open_range(offset, size)


def read_blob(contents: Contents, descriptor: Descriptor, *, what: str) -> bytes:
    """Return the bytes of a document that a descriptor names; raises ImageError unless they are exactly those."""
    where = f"{contents.where}: {what} {descriptor.digest}"
    if descriptor.size > MAX_DOCUMENT_SIZE:
        raise LimitError(f"reading {where}: {descriptor.size} bytes, limit {MAX_DOCUMENT_SIZE}")
    name = blob_name(descriptor.digest)
    content = read_stored(contents, name, contents.find_blob(descriptor))
    check_content(content, descriptor, where=where)
    return content


def read_manifest_blob(contents: Contents, descriptor: Descriptor) -> Manifest | ImageIndex:
    """Return the manifest or index that a descriptor names, verified."""
    content = read_blob(contents, descriptor, what="manifest")
    where = f"{contents.where}: manifest {descriptor.digest}"
    return parse_document(content, where=where, media_type=descriptor.media_type.text)


def find_layers(contents: Contents, manifest: Manifest, diff_ids: Sequence[Digest]) -> tuple[Layer, ...]:
    """Return a manifest's layers, paired with the DiffIDs of its config; a layer whose blob is missing is an error.

    Foreign layers are the exception: their descriptors say where else their bytes are.
    """
    return tuple(
        _find_layer(contents, descriptor, diff_id)
        for descriptor, diff_id in zip(manifest.layers, diff_ids, strict=True)
    )


def make_absent_layer(name: str, diff_id: Digest, descriptor: Descriptor) -> StoredLayer:
    """Return a foreign layer, whose bytes its image does not carry."""
    place = descriptor.urls[0][:200] if descriptor.urls else "an address its manifest does not tell"
    return StoredLayer(name, diff_id, descriptor, None, f"a foreign layer, whose bytes are kept at {place}")


def is_foreign(descriptor: Descriptor) -> bool:
    """Tell whether an image may lack the bytes of that layer."""
    return descriptor.media_type.is_foreign or bool(descriptor.urls)


def _find_layer(contents: Contents, descriptor: Descriptor, diff_id: Digest) -> StoredLayer:
    name = blob_name(descriptor.digest)
    stored = contents.find_blob(descriptor)
    if stored is not None:
        return StoredLayer(stored.name, diff_id, descriptor, stored, is_addressed=contents.is_addressed)
    if is_foreign(descriptor):
        return make_absent_layer(name, diff_id, descriptor)
    raise missing(contents, f"layer {name}")
