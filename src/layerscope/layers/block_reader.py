"""BlockReader: the chunks of a tar stream as blocks, skips and bodies."""

from collections.abc import Iterator

from layerscope.layers.tar_header import BLOCK


class TruncatedError(EOFError):
    """The stream ended inside something."""


class BlockReader:
    """A position in a stream of chunks.

    `chunk`, `view` and `position` are public for the scanner's hot loop, which takes what lies whole inside a chunk
    itself; `position` may point beyond the chunk, which means that so many bytes are still to be skipped.
    """

    def __init__(self, chunks: Iterator[bytes]) -> None:
        """Start before the first chunk."""
        self._chunks = chunks
        self.chunk = b""
        self.view = memoryview(b"")
        self.position = 0
        self._before = 0
        self._padding = 0, 0

    @property
    def offset(self) -> int:
        """Bytes of the stream before the position."""
        return self._before + self.position

    def advance(self) -> bool:
        """Go on to the next chunk, carrying over what is still to be skipped; False at the end of the stream."""
        for chunk in self._chunks:
            self._before += len(self.chunk)
            self.position -= len(self.chunk)
            self.chunk = chunk
            self.view = memoryview(chunk)
            if self.position < len(chunk):
                return True
        return False

    def read_block(self) -> bytes | None:
        """The next 512 bytes; None at the end of the stream, also where that lacks padding which was to be skipped.

        Go's archive/tar, which container runtimes read with, takes that for an end (tryReadFull in its reader.go), and
        umoci writes it. Raises TruncatedError inside a block or any other skip.
        """
        pieces = b""
        while True:
            if self.position < len(self.chunk):
                start = self.position
                self.position = min(start + BLOCK - len(pieces), len(self.chunk))
                pieces += self.chunk[start : self.position]
                if len(pieces) == BLOCK:
                    return pieces
            if not self.advance():
                missing = self.position - len(self.chunk)
                end, padding = self._padding
                if pieces or (missing > 0 and (self.offset != end or missing > padding)):
                    raise TruncatedError
                self.position = min(self.position, len(self.chunk))
                return None

    def iter_body(self, size: int) -> Iterator[memoryview]:
        """The next `size` bytes, in pieces; raises TruncatedError if the stream ends before them."""
        while size:
            if self.position >= len(self.chunk) and not self.advance():
                raise TruncatedError
            piece = self.view[self.position : self.position + size]
            self.position += len(piece)
            size -= len(piece)
            yield piece

    def read_body(self, size: int) -> bytes:
        """The next `size` bytes as a whole; the caller has checked them against a ceiling."""
        return b"".join(self.iter_body(size))

    def skip_padding(self, size: int) -> None:
        """Skip what fills a body of `size` bytes up to whole blocks."""
        self._pass_padding(self.position + -size % BLOCK, -size % BLOCK)

    def pass_members(self, position: int) -> None:
        """Go on to where members end whose contents lie whole in the chunk; beyond it may lie padding."""
        if position != self.position:
            self._pass_padding(position, max(0, position - len(self.chunk)))

    def _pass_padding(self, position: int, padding: int) -> None:
        """Go to a position before which there are so many bytes of padding, which may be missing at the end."""
        self.position = position
        self._padding = self.offset, padding

    def skip(self, size: int) -> None:
        """Skip that many bytes; the end of the stream in them shows when the next block is read."""
        self.position += size
