"""A repository of a registry as contents: documents fetched once and verified by who reads them, blobs as they come."""

import io
import time
from dataclasses import dataclass, field
from typing import Final

from layerscope.errors import DocumentError, TransferError
from layerscope.image.descriptor import Descriptor
from layerscope.image.digest import Digest
from layerscope.image.image import KnownContent, KnownPart
from layerscope.image.layer import ByteStream
from layerscope.progress import Progress, SilentProgress
from layerscope.sources.contents import StoredBytes
from layerscope.sources.registry.blob_stream import BlobStream
from layerscope.sources.registry.repository import Repository
from layerscope.sources.registry.resumed_blob import ResumedBlob

MAX_DOCUMENTS: Final = 32 << 20
"""Bytes of all documents of one image: an index may list thousands of manifests."""
DOCUMENTS_SECONDS: Final = 600.0
"""The longest that documents of one image are asked for; each has a time of its own, and there may be thousands."""


@dataclass(frozen=True, slots=True)
class RemoteBlob:
    """A blob or manifest by its descriptor; nothing is fetched before it is opened."""

    client: Repository
    descriptor: Descriptor
    documents: dict[Digest, bytes]
    known: KnownContent
    deadline: float
    progress: Progress = field(default_factory=SilentProgress)
    stamp: None = None

    @property
    def name(self) -> str:
        """Where it lies."""
        return f"{self.client.where}@{self.descriptor.digest}"

    @property
    def size(self) -> int:
        """What its descriptor says."""
        return self.descriptor.size

    @property
    def expected(self) -> int:
        """The same: nobody else says how many bytes there are."""
        return self.descriptor.size

    def open(self) -> ByteStream:
        """Fetch a document whole, or open a blob; documents that were fetched before are at hand."""
        kind, digest = self.descriptor.media_type, self.descriptor.digest
        if not (kind.is_index or kind.is_manifest or kind.is_config):
            part = self.known.open_part(self.descriptor)
            return self._open_stream() if part is None else self._go_on(part)
        if digest not in self.documents:
            self.documents[digest] = self._find_document()
            if sum(map(len, self.documents.values())) > MAX_DOCUMENTS:
                raise TransferError(
                    f"reading {self.client.where}: documents of more than {MAX_DOCUMENTS:,} bytes, the limit"
                )
        content = self.documents[digest]
        if len(content) > self.size:  # what is less is found out by whoever reads it
            raise DocumentError(f"reading {self.name}: {self.size} bytes expected, {len(content)} there")
        return io.BytesIO(content)

    def open_range(self, offset: int, size: int) -> ByteStream:
        """Open a part of a blob, of which nothing is kept."""
        return self._open_stream(start=offset, stop=offset + size)

    def _go_on(self, part: KnownPart) -> ByteStream:
        """The blob from what an earlier run left of it, and from there on from the registry."""
        return ResumedBlob(self.descriptor, part, self._open_stream)

    def _open_stream(self, *, start: int = 0, stop: int | None = None) -> BlobStream:
        return BlobStream(self.client, self.descriptor, start=start, stop=stop, progress=self.progress)

    def _find_document(self) -> bytes:
        kept = self.known.find_document(self.descriptor.digest)
        if kept is not None:
            return kept
        if time.monotonic() > self.deadline:
            raise TransferError(
                f"reading {self.client.where}: documents still missing after {DOCUMENTS_SECONDS:.0f} s, the limit"
            )
        if self.descriptor.media_type.is_config:
            content = self.client.read_blob(self.descriptor.digest)
        else:
            content = self.client.read_manifest(str(self.descriptor.digest)).content
        algorithm = self.descriptor.digest.algorithm
        if Digest.of(content, algorithm) == self.descriptor.digest:
            self.known.keep_document(content, algorithm)
        return content


@dataclass(frozen=True, slots=True)
class RegistryContents:
    """What a registry has of one repository; `documents` are those at hand, by digest."""

    client: Repository
    known: KnownContent
    documents: dict[Digest, bytes] = field(default_factory=dict)
    damage: str | None = None
    is_addressed: bool = True
    deadline: float = field(default_factory=lambda: time.monotonic() + DOCUMENTS_SECONDS)
    progress: Progress = field(default_factory=SilentProgress)

    @property
    def where(self) -> str:
        """Registry and repository."""
        return self.client.where

    def find(self, name: str) -> StoredBytes | None:
        """Nothing: a registry has no names but digests."""
        del name
        return None

    def find_blob(self, descriptor: Descriptor) -> StoredBytes | None:
        """What a descriptor names, taken to be there until it is opened; None for a layer that is kept elsewhere.

        A foreign layer may have been pushed all the same. The addresses that its descriptor has for it are never asked.
        """
        if descriptor.media_type.is_foreign and not self.client.carries_blob(descriptor.digest):
            return None
        return RemoteBlob(self.client, descriptor, self.documents, self.known, self.deadline, self.progress)
