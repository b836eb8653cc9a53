"""ExtendedHeaders: PAX and GNU headers that change the member after them, as Go's archive/tar reads them."""

from dataclasses import dataclass, field

from layerscope.layers import anomaly
from layerscope.layers.block_reader import BlockReader
from layerscope.layers.columns import Columns
from layerscope.layers.limits import MAX_EXTENDED_HEADER
from layerscope.layers.pax import XATTR_PREFIX, parse_records
from layerscope.layers.tar_header import BLOCK, HeaderError, read_size

_LOCAL = frozenset(b"xX")
_GLOBAL = ord("g")
_LONG_NAME = ord("L")
_LONG_LINK = ord("K")
_KNOWN = _LOCAL | {_GLOBAL, _LONG_NAME, _LONG_LINK}


@dataclass(frozen=True)
class Extension:
    """What extended headers say of the next member: PAX records, in order and by key, and GNU long names."""

    pairs: list[tuple[bytes, bytes]] = field(default_factory=list)
    records: dict[bytes, bytes] = field(default_factory=dict)
    name: bytes | None = None
    link: bytes | None = None


NO_EXTENSION = Extension()


class ExtendedHeaders:
    """Collects extended headers until a member takes them."""

    def __init__(self, reader: BlockReader, columns: Columns) -> None:
        """Read bodies from `reader` and note anomalies in `columns`."""
        self._reader = reader
        self._columns = columns
        self._pairs: list[tuple[bytes, bytes]] = []
        self._name: bytes | None = None
        self._link: bytes | None = None
        self.pending = False

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
        if kind == _LONG_NAME:
            self._name = body.partition(b"\0")[0]
        elif kind == _LONG_LINK:
            self._link = body.partition(b"\0")[0]
        else:
            self._take_records(body, offset, is_global=kind == _GLOBAL)
        self.pending = self.pending or kind != _GLOBAL
        return True

    def pop(self) -> Extension:
        """What was collected for the member that comes now."""
        if not self.pending:
            return NO_EXTENSION
        # an empty value takes a record back, and the header's own field counts again; an attribute may be empty
        records = {k: v for k, v in dict(self._pairs).items() if v or k.startswith(XATTR_PREFIX)}
        extension = Extension(self._pairs, records, self._name, self._link)
        self._pairs, self._name, self._link, self.pending = [], None, None, False
        return extension

    def note_orphan(self) -> None:
        """Note extended headers that no member followed."""
        self._columns.note(anomaly.ORPHAN_EXTENDED_HEADER, "", "", self._reader.offset)

    def _take_records(self, body: bytes, offset: int, *, is_global: bool) -> None:
        try:
            pairs = parse_records(body)
        except ValueError as error:
            self._columns.note(anomaly.INVALID_EXTENDED_HEADER, "", str(error), offset)
            return
        if is_global:
            # Go's archive/tar hands global records to the caller, and every runtime drops them
            keys = ", ".join(sorted({key.decode("utf-8", "replace") for key, _ in pairs}))
            self._columns.note(anomaly.GLOBAL_HEADER, "", f"sets {keys}, which runtimes ignore", offset)
        else:
            self._pairs = pairs
