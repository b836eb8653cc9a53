"""What lies in a layout or an archive, by name, and how its small documents are read."""

from abc import ABC, abstractmethod
from typing import ClassVar, Protocol

from layerscope.errors import ImageError, LimitError
from layerscope.image.descriptor import Descriptor
from layerscope.image.digest import Digest
from layerscope.image.layer import ByteStream, Stamp
from layerscope.image.manifest import MAX_DOCUMENT_SIZE


class StoredBytes(Protocol):
    """Bytes under a name, which can be opened again unless they only passed by."""

    @property
    def name(self) -> str:
        """Where they lie, links followed."""

    @property
    def size(self) -> int:
        """How many there are."""

    @property
    def expected(self) -> int:
        """How many there should be; more than `size` where the archive was cut."""

    @property
    def stamp(self) -> Stamp | None:
        """Identity of the bytes on this host, where they lie in a file of it."""

    def open(self) -> ByteStream:
        """Open them from the start; raises SourceError."""

    def open_range(self, offset: int, size: int) -> ByteStream:
        """Open some of them, which are there; raises SourceError, also where they only passed by."""


class Contents(Protocol):
    """A layout or an archive."""

    @property
    def where(self) -> str:
        """What to call it in errors."""

    @property
    def damage(self) -> str | None:
        """How it ends too early, or None: a sentence without its subject."""

    @property
    def is_addressed(self) -> bool:
        """Whether blobs are fetched by their digest, which every client holds them to."""

    def find(self, name: str) -> StoredBytes | None:
        """Return what lies under a name, links inside followed; None for nothing, ImageError for what is no file."""

    def find_blob(self, descriptor: Descriptor) -> StoredBytes | None:
        """Return the blob that a descriptor names, or None."""


class NamedContents(ABC):
    """Contents whose blobs lie under names made from their digests, as the image layout has them."""

    is_addressed: ClassVar[bool] = False

    @abstractmethod
    def find(self, name: str) -> StoredBytes | None:
        """Return what lies under a name."""

    def find_blob(self, descriptor: Descriptor) -> StoredBytes | None:
        """Return the blob that a descriptor names, or None."""
        return self.find(blob_name(descriptor.digest))


def blob_name(digest: Digest) -> str:
    """Return where a layout keeps the blob of that digest."""
    return f"blobs/{digest.algorithm}/{digest.hex}"


def read_document(contents: Contents, name: str) -> bytes:
    """Return the bytes of a document that must be there; raises ImageError."""
    return read_stored(contents, name, contents.find(name))


def read_stored(contents: Contents, name: str, stored: StoredBytes | None) -> bytes:
    """Return the bytes of a document that was found, or must have been; raises ImageError."""
    if stored is None:
        raise missing(contents, name)
    where = f"{contents.where}: {name}"
    if stored.expected > MAX_DOCUMENT_SIZE:
        raise LimitError(f"reading {where}: {stored.expected} bytes, limit {MAX_DOCUMENT_SIZE}")
    if stored.size < stored.expected:
        raise ImageError(f"reading {where}: the archive {contents.damage}")
    stream = stored.open()
    try:
        content = _read_all(stream, stored.size)
    finally:
        stream.close()
    if len(content) != stored.size:
        raise ImageError(f"reading {where}: {stored.size} bytes expected, {len(content)} there")
    return content


def missing(contents: Contents, name: str) -> "MissingContentError":
    """Return the error for a name that nothing lies under; an archive that ends too early is named as the reason."""
    reason = f"; the archive {contents.damage}" if contents.damage else ""
    return MissingContentError(f"reading {contents.where}: it holds no {name}{reason}")


class MissingContentError(ImageError):
    """Something that a document names is not in the layout or archive."""


def _read_all(stream: ByteStream, size: int) -> bytes:
    chunks = []
    while size and (chunk := stream.read(size)):
        chunks.append(chunk)
        size -= len(chunk)
    return b"".join(chunks)
