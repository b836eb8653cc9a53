"""VerifiedReader: bytes that turn out to be what their digest says, or raise."""

import hashlib

from layerscope.errors import DigestMismatchError
from layerscope.image.digest import Digest
from layerscope.image.layer import ByteStream


class VerifiedReader:
    """A stream of which every byte is hashed; raises DigestMismatchError at the end where digest or size differ.

    Only the end of the stream proves it: a caller that stops earlier has unproved bytes. More bytes than promised are
    refused as soon as they appear, before they are handed on.
    """

    def __init__(self, stream: ByteStream, *, digest: Digest, size: int | None, what: str) -> None:
        """Wrap `stream`; `what` names the content in errors."""
        self._stream = stream
        self._digest = digest
        self._size = size
        self._what = what
        self._hash = hashlib.new(digest.algorithm)
        self._count = 0

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes, and no bytes only at the proved end."""
        chunk = self._stream.read(size)
        self._count += len(chunk)
        if self._size is not None and self._count > self._size:
            raise DigestMismatchError(f"reading {self._what}: more than the {self._size} bytes its descriptor promises")
        self._hash.update(chunk)
        if not chunk and size:
            self._check_end()
        return chunk

    def close(self) -> None:
        """Release the stream."""
        self._stream.close()

    def _check_end(self) -> None:
        if self._size is not None and self._count != self._size:
            raise DigestMismatchError(
                f"reading {self._what}: ends after {self._count} bytes, its descriptor promises {self._size}"
            )
        found = Digest(self._digest.algorithm, self._hash.hexdigest())
        if found != self._digest:
            raise DigestMismatchError(f"reading {self._what}: its digest is {found}, expected {self._digest}")
