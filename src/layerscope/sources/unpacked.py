"""The tar in a stream of unknown first bytes, decompressed where it is compressed as a whole."""

from layerscope.errors import SourceError, UsageError
from layerscope.image.layer import ByteStream
from layerscope.sources.first_bytes import HEAD_SIZE, explain_first_bytes
from layerscope.sources.outer_compression import Packing, UnpackedStream, find_packing


class PrefixedStream:
    """A stream whose first bytes were looked at: they are read again, then the rest."""

    def __init__(self, head: bytes, rest: ByteStream) -> None:
        """Put `head` back in front of `rest`."""
        self._head = head
        self._rest = rest

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes, and no bytes only at the end."""
        if self._head:
            chunk, self._head = self._head[:size], self._head[size:]
            return chunk
        return self._rest.read(size)

    def close(self) -> None:
        """Close the stream."""
        self._rest.close()


def unpack(stream: ByteStream, *, where: str) -> ByteStream:
    """Return the tar that `stream` holds; raises SourceError for nothing and UsageError for what cannot be a tar."""
    head = b""
    while len(head) < HEAD_SIZE and (chunk := stream.read(HEAD_SIZE - len(head))):
        head += chunk
    if not head:
        raise SourceError(f"reading {where}: not a single byte came; did the command that writes it fail?")
    packing = find_packing(head)
    whole = PrefixedStream(head, stream)
    if packing is None:
        explanation = explain_first_bytes(head)
        if explanation is not None:
            raise UsageError(f"reading {where}: {explanation}, expected an image archive")
        return whole
    check_packing(packing, where=where)
    return UnpackedStream(whole, packing, where=where)


def check_packing(packing: Packing, *, where: str) -> None:
    """Raise UsageError for a compression that this Python was built without, with the way around it."""
    if not packing.is_readable:
        raise UsageError(
            f"reading {where}: it is compressed with {packing}, which this Python was built without; "
            f"decompress it into a pipe, as `{packing} -dc FILE | layerscope … -`"
        )
