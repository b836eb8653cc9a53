"""ExtendedHeaders: PAX and GNU headers that change the member after them, as Go's archive/tar reads them."""

from dataclasses import dataclass, field

from layerscope.layers import anomaly
from layerscope.layers.block_reader import BlockReader
from layerscope.layers.columns import Columns
from layerscope.layers.limits import MAX_EXTENDED_HEADER
from layerscope.layers.pax import merge_records, parse_records
from layerscope.layers.tar_header import BLOCK, HeaderError, read_size

_LOCAL = ord("x")
_GLOBAL = ord("g")
_LONG_NAME = ord("L")
_LONG_LINK = ord("K")
_KNOWN = frozenset({_LOCAL, _GLOBAL, _LONG_NAME, _LONG_LINK})


@dataclass(frozen=True)
class Extension:
    """What extended headers say of the next member: PAX records by key, and GNU long names, empty where none are.

    `offset` is where the first of them lies in the tar.
    """

    records: dict[bytes, bytes] = field(default_factory=dict)
    name: bytes = b""
    link: bytes = b""
    offset: int | None = None


NO_EXTENSION = Extension()


class ExtendedHeaders:
    """Collects extended headers until a member takes them; `unused` counts those that no member gets."""

    def __init__(self, reader: BlockReader, columns: Columns) -> None:
        """Read bodies from `reader` and note anomalies in `columns`."""
        self._reader = reader
        self._columns = columns
        self._records: dict[bytes, bytes] = {}
        self._name = self._link = b""
        self._kinds: set[int] = set()
        self._offset: int | None = None
        self.pending = False
        self.unused = 0

    def take(self, header: bytes) -> bool:
        """Take an extended header with its body; False for a header of another kind. Raises HeaderError."""
        kind = header[156]
        if kind not in _KNOWN:
            return False
        offset = self._reader.offset - BLOCK
        size = read_size(header)
        if size > MAX_EXTENDED_HEADER:
            self._columns.note(anomaly.INVALID_EXTENDED_HEADER, "", f"of {size:,} bytes", offset)
            raise HeaderError(f"an extended header of {size:,} bytes, limit {MAX_EXTENDED_HEADER:,}")
        body = self._reader.read_body(size)
        self._reader.skip_padding(size)
        if kind == _GLOBAL:
            self._take_global(body, offset)
            return True
        if kind == _LONG_NAME:
            self._name = body.partition(b"\0")[0]
        elif kind == _LONG_LINK:
            self._link = body.partition(b"\0")[0]
        else:
            pairs = self._parse(body, offset)
            self._records = self._records if pairs is None else merge_records(pairs)
        self._expect(kind, offset)
        return True

    def pop(self) -> Extension:
        """What was collected for the member that comes now."""
        if not self.pending:
            return NO_EXTENSION
        extension = Extension(self._records, self._name, self._link, self._offset)
        self._records, self._name, self._link, self._offset, self.pending = {}, b"", b"", None, False
        self._kinds.clear()
        return extension

    def note_orphan(self) -> None:
        """Note extended headers that no member followed."""
        self._columns.note(anomaly.ORPHAN_EXTENDED_HEADER, "", "", self._offset or 0)

    def _expect(self, kind: int, offset: int) -> None:
        """Wait for the member of a header, which takes the place of another of its kind."""
        if not self.pending:
            self._offset, self.pending = offset, True
        if kind in self._kinds:
            self.unused += 1
        self._kinds.add(kind)

    def _take_global(self, body: bytes, offset: int) -> None:
        """Drop what was collected: Go's archive/tar returns here, and begins anew with the header that follows.

        It hands global records to its caller, and every runtime drops them.
        """
        if self.pending:
            self.note_orphan()
        self.unused += 1 + len(self._kinds)
        self.pop()
        pairs = self._parse(body, offset)
        if pairs is not None:
            keys = ", ".join(sorted({key.decode("utf-8", "replace") for key, _ in pairs}))
            self._columns.note(anomaly.GLOBAL_HEADER, "", f"sets {keys}, which runtimes ignore", offset)

    def _parse(self, body: bytes, offset: int) -> list[tuple[bytes, bytes]] | None:
        """The records; None, and an anomaly, where they do not parse."""
        try:
            return parse_records(body)
        except ValueError as error:
            self._columns.note(anomaly.INVALID_EXTENDED_HEADER, "", str(error), offset)
            return None
