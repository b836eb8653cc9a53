"""A blob of which an earlier run may have left a part: that comes first, and the registry is asked for the rest."""

import hashlib
from typing import Protocol

from layerscope.errors import TransferError
from layerscope.image.descriptor import Descriptor
from layerscope.image.image import KnownPart
from layerscope.image.layer import ByteStream


class OpenRest(Protocol):
    """Opens a blob from a byte on."""

    def __call__(self, *, start: int) -> ByteStream:
        """Return the bytes from `start` on; nobody is asked before they are read."""


class ResumedBlob:
    """The bytes of a blob, from its part and then from the registry; what comes is kept until all has come.

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
        self.resumed_at = 0

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes, and no bytes only at the end; raises TransferError."""
        if self._rest is None:
            recalled = self._recall(size)
            if recalled:
                return recalled
            self._rest = self._open_rest(start=self.resumed_at)
        chunk = self._rest.read(size)
        if chunk:
            self._part.add(chunk)
            if self.resumed_at:
                self._hash.update(chunk)
        else:
            self._finish()
        return chunk

    def close(self) -> None:
        """Close the connection, and keep what came of the blob unless all did; more than once does no harm."""
        if self._rest is not None:
            self._rest.close()
        self._part.close()

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

    def _finish(self) -> None:
        """All has come: the part has done its work."""
        if self.resumed_at and self._hash.hexdigest() != self._descriptor.digest.hex:
            self._refuse()
        self._part.drop()

    def _refuse(self) -> None:
        self._part.drop()
        raise TransferError(
            f"reading the blob {self._descriptor.digest}: the {self.resumed_at:,} bytes of it that an earlier run had "
            "kept and the rest do not have that digest; they are forgotten now, run it again"
        )
