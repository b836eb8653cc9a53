"""A blob of which an earlier run may have left a part: that comes first, and the registry is asked for the rest."""

import hashlib
import time
from typing import Final, Protocol

from layerscope.errors import TransferError
from layerscope.image.descriptor import Descriptor
from layerscope.image.image import KnownPart
from layerscope.image.layer import ByteStream

DECIDE_BYTES: Final = 8 << 20
DECIDE_SECONDS: Final = 1.0
"""What has arrived before it is decided whether a blob is worth keeping; until then it is held in memory."""

WORTH_SECONDS: Final = 10.0
"""The least that fetching a blob takes if it is kept: keeping all of an image made its audit a tenth longer."""

LARGE_BLOB: Final = 1 << 30
"""Stored bytes from which a blob is kept however fast it comes."""


class OpenRest(Protocol):
    """Opens a blob from a byte on."""

    def __call__(self, *, start: int) -> ByteStream:
        """Return the bytes from `start` on; nobody is asked before they are read."""


class ResumedBlob:
    """The bytes of a blob, from its part and then from the registry; what comes is kept, if that takes long enough.

    If a part and the rest do not make up the blob, nobody can tell which of them is wrong, and the layer must not be
    blamed for it: that is a TransferError, and the part is forgotten.
    """

    def __init__(self, descriptor: Descriptor, part: KnownPart, open_rest: OpenRest) -> None:
        """Read nothing yet."""
        self._descriptor = descriptor
        self._part = part
        self._frames = part.read_frames()
        self._frame = b""
        self._hash = hashlib.new(descriptor.digest.algorithm)
        self._open_rest = open_rest
        self._rest: ByteStream | None = None
        self._held: list[bytes] | None = []
        self._arrived = 0
        self._began = 0.0
        self.resumed_at = 0

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes, and no bytes only at the end; raises TransferError."""
        if self._rest is None:
            recalled = self._recall(size)
            if recalled:
                return recalled
            self._rest = self._open_rest(start=self.resumed_at)
            self._began = time.monotonic()
        chunk = self._rest.read(size)
        if chunk:
            self._keep(chunk)
            if self.resumed_at:
                self._hash.update(chunk)
        else:
            self._finish()
        return chunk

    def close(self) -> None:
        """Close the connection, and keep what came of the blob unless all did; more than once does no harm."""
        if self._rest is not None:
            self._rest.close()
        self._release()
        self._part.close()

    def forget(self) -> None:
        """Keep nothing of it: what is there may be wrong."""
        self._part.drop()

    def _recall(self, size: int) -> bytes:
        """Up to that many bytes of the part."""
        if not self._frame:
            self._frame = next(self._frames, b"")
            self._hash.update(self._frame)
            self.resumed_at += len(self._frame)
            if self.resumed_at > self._descriptor.size:
                self._refuse()
        chunk, self._frame = self._frame[:size], self._frame[size:]
        return chunk

    def _keep(self, chunk: bytes) -> None:
        """Keep what came, or hold it until there is enough to tell how long the rest will take."""
        if self._held is None:
            self._part.add(chunk)
            return
        self._held.append(chunk)
        self._arrived += len(chunk)
        taken = time.monotonic() - self._began
        if self._arrived < DECIDE_BYTES and taken < DECIDE_SECONDS:
            return
        is_slow = taken * self._descriptor.size >= WORTH_SECONDS * self._arrived
        if not (is_slow or self.resumed_at or self._descriptor.size >= LARGE_BLOB):
            self._held = []
            self._part.drop()
        self._release()

    def _release(self) -> None:
        """Hold nothing any more: what was held goes to the part, which takes nothing once it was dropped."""
        for chunk in self._held or ():
            self._part.add(chunk)
        self._held = None

    def _finish(self) -> None:
        """All has come: the part has done its work."""
        if self.resumed_at and self._hash.hexdigest() != self._descriptor.digest.hex:
            self._refuse()
        self._held = None
        self._part.drop()

    def _refuse(self) -> None:
        self._part.drop()
        raise TransferError(
            f"reading the blob {self._descriptor.digest}: the {self.resumed_at:,} bytes of it that an earlier run had "
            "kept and the rest do not have that digest; they are forgotten now, run it again"
        )
