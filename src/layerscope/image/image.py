"""An image: its documents, its layers, and where it was found."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from layerscope.image.attachment import Attached
from layerscope.image.config import ImageConfig
from layerscope.image.container import ContainerFiles
from layerscope.image.descriptor import Descriptor
from layerscope.image.digest import Digest
from layerscope.image.layer import ByteStream, Layer
from layerscope.image.manifest import Manifest
from layerscope.image.platform import Platform


@dataclass(frozen=True)
class Image:
    """An immutable view of one platform's image.

    `index_digest`, `manifest_digest` and `config_digest` are three different things and are never mixed: the digest of
    the index that listed the image, of its manifest, and of its config (the image ID of a classic engine).
    """

    reference: str
    """What the user asked for, in canonical spelling."""
    source: str
    """Where it was read, for a person: `oci-dir`, `docker (overlay2 read in place)`, …"""
    config: ImageConfig
    config_digest: Digest
    layers: tuple[Layer, ...]
    """Bottom first."""
    manifest: Manifest | None = None
    """None where the source keeps none (a classic docker-archive)."""
    manifest_digest: Digest | None = None
    index_digest: Digest | None = None
    platforms: tuple[Platform, ...] = field(default=(), compare=False)
    """Every platform for which an image is listed beside this one, its own included."""
    notes: tuple[str, ...] = field(default=())
    """Sentences about how it was read that a person should know."""
    container: ContainerFiles | None = None
    """The container whose own files are the uppermost layer, if it wrote any; None for an image as it was built."""
    list_attached: Callable[[], Attached] = field(default=Attached, compare=False, repr=False)
    """What lies beside it to describe it; looked for when asked, which may take requests of its own."""


class KnownPart(Protocol):
    """The first bytes of a blob, kept until the rest has come; nothing is proved of them."""

    def read_frames(self) -> Iterator[bytes]:
        """Yield what is there, once and in order."""

    def add(self, chunk: bytes) -> None:
        """Add the bytes that follow."""

    def close(self) -> None:
        """Keep what is there for later; more than once does no harm."""

    def drop(self) -> None:
        """Keep nothing."""


class KnownContent(Protocol):
    """What earlier audits left behind, so that a source need not fetch it again."""

    def find_document(self, digest: Digest) -> bytes | None:
        """Return the verified bytes of a manifest, index or config, if kept."""

    def keep_document(self, content: bytes, algorithm: str = "sha256") -> Digest:
        """Keep a manifest, index or config under its digest by that algorithm."""

    def has_layer(self, diff_id: Digest) -> bool:
        """Tell whether everything about that layer is already known."""

    def open_part(self, blob: Descriptor) -> KnownPart | None:
        """Open what an earlier reading left of a blob when it broke off; None where nothing is kept of it."""

    def find_name(self, name: str) -> Digest | None:
        """Return the manifest or index that a name led to when it was last asked for."""

    def keep_name(self, name: str, digest: Digest) -> None:
        """Keep where a name led to."""


class ImageStream(Protocol):
    """An image that arrives once, in an order its sender chose (an engine's export, standard input)."""

    def consume(self, scan: Callable[[str, ByteStream], None]) -> Image:
        """Hand every member that may be a layer to `scan` as it passes, by name, and return the image at the end.

        The image's layers carry the same names; `scan` may read a member to its end or leave it. Raises SourceError
        when the stream breaks and ImageError when no image is in it.
        """

    def close(self) -> None:
        """Release the stream."""
