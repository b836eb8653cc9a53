"""Repository: what reading an image takes from a registry."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from layerscope.image.digest import Digest

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse


@dataclass(frozen=True, slots=True)
class FetchedManifest:
    """A manifest or index as it came, and the media type that the registry gave it."""

    content: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class FoundManifest:
    """What a registry says of a manifest or index that was not fetched, or what was found where it was: unverified."""

    digest: Digest
    media_type: str


class Repository(Protocol):
    """One repository of one registry; an implementer owes bytes as they come, unverified, and safety in threads."""

    @property
    def where(self) -> str:
        """Registry and repository, for messages."""

    def read_manifest(self, reference: str) -> FetchedManifest:
        """Return the manifest or index of a tag or digest; raises ImageNotFoundError and TransferError."""

    def read_blob(self, digest: Digest) -> bytes:
        """Return a small blob; raises TransferError."""

    def carries_blob(self, digest: Digest) -> bool:
        """Tell whether it has a foreign layer's blob, which it need not have; raises TransferError."""

    def open_blob(self, digest: Digest, offset: int, stop: int | None = None) -> tuple["BaseHTTPResponse", int]:
        """Return the body of a blob from a byte on, and the byte from which it really comes; raises TransferError.

        Nobody wants what lies at `stop` and beyond, but it may come nonetheless.
        """
