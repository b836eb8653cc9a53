"""A layer as a source offers it: what it claims to be, and its bytes."""

from typing import Protocol, runtime_checkable

from msgspec import Struct

from layerscope.image.descriptor import Descriptor
from layerscope.image.digest import Digest


class ByteStream(Protocol):
    """Bytes that are read once from front to back, then closed."""

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes, and no bytes only at the end."""

    def close(self) -> None:
        """Release what the stream holds."""


@runtime_checkable
class ResumedStream(Protocol):
    """A stream whose first bytes may come from an earlier reading that broke off, and not from where the rest is."""

    @property
    def resumed_at(self) -> int:
        """How many bytes came from there so far."""

    def forget(self) -> None:
        """Let nothing come from there any more; the stream may have been closed."""


class Stamp(Struct, frozen=True):
    """Identity of stored bytes on this host: a file, a range in it, and when the file last changed.

    While a stamp stays the same, the bytes are those of the earlier reading: the status-change time cannot be set back
    by an unprivileged writer. `changed_ns` and `modified_ns` are nanoseconds since 1970.
    """

    device: int
    inode: int
    file_size: int
    modified_ns: int
    changed_ns: int
    offset: int
    size: int


class Layer(Protocol):
    """One layer of an image.

    An implementer owes claims (`diff_id`, `descriptor`) as the image's documents state them, unproved, and the stored
    bytes, unverified: the layer pass proves both. `open` may be called again, and from several threads at once.
    """

    @property
    def name(self) -> str:
        """Where the bytes lie, as a person would look for them (`blobs/sha256/…`, `…/layer.tar`)."""

    @property
    def diff_id(self) -> Digest:
        """The DiffID that the config claims."""

    @property
    def descriptor(self) -> Descriptor | None:
        """The manifest's descriptor of the blob; None where the source keeps no manifest or stores no blob."""

    @property
    def stored_size(self) -> int | None:
        """Bytes that `open` will yield, where known beforehand (for progress and scheduling)."""

    @property
    def stamp(self) -> Stamp | None:
        """Identity of the stored bytes, where they lie in a file of this host."""

    @property
    def suits_workers(self) -> bool:
        """Whether every process may open the bytes for itself."""

    @property
    def is_addressed(self) -> bool:
        """Whether the bytes are fetched by the descriptor's digest, as every client does: a known one need not be."""

    @property
    def absent(self) -> str | None:
        """Why the bytes are not here (a foreign layer), or None where `open` works."""

    def open(self) -> ByteStream:
        """Open the stored bytes from the start; raises SourceError."""

    def open_range(self, offset: int, size: int) -> ByteStream:
        """Open `size` of the stored bytes from `offset` on; raises SourceError, also where they only pass by."""
