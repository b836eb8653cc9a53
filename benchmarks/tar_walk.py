"""Where the regular files of a tar stream lie: no more than the bound needs, for archives that a builder wrote."""

import zlib
from dataclasses import dataclass

BLOCK = 512
REGULAR = b"0\x007"
EXTENSIONS = b"xgLK"  # headers that only say more about the next one
CHECKSUM_FIELD = slice(148, 156)
BLANK_CHECKSUM = 8 * ord(" ")
ADLER_BASE = 65521


class WalkError(Exception):
    """A tar stream holds something that the benchmark's own images do not."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of one file's bytes within a chunk."""

    start: int
    end: int
    first: bool
    last: bool


class TarWalk:
    """Follows the headers of a tar stream through its chunks."""

    def __init__(self) -> None:
        """Start before the first header."""
        self.fields: list[tuple[bytes, bytes, bytes, int]] = []
        self._rest = b""  # the beginning of a header that the next chunk ends
        self._skip = 0  # bytes up to the next header
        self._left = 0  # bytes of the current file that are still to come

    def feed(self, chunk: bytes) -> list[Piece]:
        """The pieces of regular files in the next chunk."""
        pieces: list[Piece] = []
        position = self._finish_body(0, len(chunk), pieces, first=False)
        while position < len(chunk):
            taken = BLOCK - len(self._rest)
            header = self._rest + chunk[position : position + taken]
            position += taken
            if len(header) < BLOCK:
                self._rest = header
                break
            self._rest = b""
            self._read_header(header)
            position = self._finish_body(position, len(chunk), pieces, first=True)
        return pieces

    def _read_header(self, header: bytes) -> None:
        size_field = header[124:136]
        size = int.from_bytes(size_field[1:]) if size_field[0] & 0x80 else int(size_field.strip(b" \0") or b"0", 8)
        field = header[CHECKSUM_FIELD]
        claimed = int(field.strip(b" \0") or b"0", 8)
        if claimed and (claimed + sum(field) - BLANK_CHECKSUM + 1) % ADLER_BASE != zlib.adler32(header) & 0xFFFF:
            raise WalkError(f"walking a tar stream: the header of {header[:100]!r} has another checksum than it claims")
        self._skip = -(-size // BLOCK) * BLOCK
        self._left = size if header[156:157] in REGULAR else 0
        if header[156:157] not in EXTENSIONS and header[0]:
            self.fields.append((header[:100].rstrip(b"\0"), header[100:124], header[136:148], size))

    def _finish_body(self, position: int, end: int, pieces: list[Piece], *, first: bool) -> int:
        """Pass the current file's bytes, as far as the chunk has them."""
        if self._left and position < end:
            stop = min(position + self._left, end)
            self._left -= stop - position
            pieces.append(Piece(position, stop, first, not self._left))
        taken = min(self._skip, end - position) if position < end else 0
        self._skip -= taken
        return position + taken
