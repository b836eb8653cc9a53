"""Columns: a LayerIndex while its layer passes."""

from array import array
from collections.abc import Iterable
from itertools import islice

from layerscope.layers import anomaly as anomalies
from layerscope.layers.entry import Anomaly, EntryType
from layerscope.layers.index import DIGEST_SIZE, LayerIndex
from layerscope.layers.limits import MAX_ANOMALIES, PATH_MAX
from layerscope.layers.path import OPAQUE_NAME
from layerscope.layers.tar_header import BLOCK
from layerscope.layers.unpack_order import UnpackOrder

NO_DIGEST = bytes(DIGEST_SIZE)

_INT64_MAX = 2**63 - 1
_MOST_REFUSALS = 100 * MAX_ANOMALIES
"""Refused entries that are counted for one layer: half a second of work."""
_LAST_SECOND_NS = 2**63 * 1_000_000_000
"""Beyond it, seconds do not fit 64 bits, and Go's archive/tar calls the header invalid."""


class Columns:
    """Grows the columns of a LayerIndex; the scanner's hot loop appends to them directly.

    `directory` is the one that the last entry lies in.
    """

    def __init__(self, attribute_table: list[tuple[int, int, int]]) -> None:
        """Start empty, sharing the attribute table with the header reader that fills it."""
        self.paths: list[str] = []
        self.runs = array("I")
        self.directory: str | None = None
        self.types = bytearray()
        self.attributes = array("I")
        self.attribute_table = attribute_table
        self.sizes = array("Q")
        self.mtimes_ns = array("q")
        self.digests = bytearray()
        self.offsets = array("Q")
        self.links: dict[int, str] = {}
        self.xattrs: dict[int, dict[str, bytes]] = {}
        self.devices: dict[int, tuple[int, int]] = {}
        self.sparse: dict[int, array[int]] = {}
        self.names = 0
        self._counted = 0
        self._anomalies: list[Anomaly] = []
        self._unnamed = 0

    def append(self, path: str, kind: EntryType, attribute: int, *, size: int, mtime_ns: int, offset: int) -> int:
        """Add an entry without content, and return its position; the scanner sets its digest when it has read it."""
        directory = path.rpartition("/")[0]
        if directory != self.directory:
            self.runs.append(len(self.paths))
            self.directory = directory
        self.paths.append(path)
        self.types.append(kind)
        self.attributes.append(attribute)
        self.sizes.append(size)
        if not -_INT64_MAX <= mtime_ns <= _INT64_MAX:
            kind_of = anomalies.BAD_NUMBER if abs(mtime_ns) > _LAST_SECOND_NS else anomalies.EXCESSIVE_NUMBER
            self.note(kind_of, path, f"time {mtime_ns} ns is out of range", offset)
            mtime_ns = _INT64_MAX if mtime_ns > 0 else -_INT64_MAX
        self.mtimes_ns.append(mtime_ns)
        self.digests += NO_DIGEST
        self.offsets.append(offset)
        return len(self.paths) - 1

    def count_names(self) -> int:
        """Characters of all names, links and extended attributes so far."""
        self.names += sum(map(len, self.paths[self._counted :]))
        self._counted = len(self.paths)
        return self.names

    def drop_last(self) -> None:
        """Take back the last entry, whose content did not arrive whole."""
        for column in (self.paths, self.types, self.attributes, self.sizes, self.mtimes_ns, self.offsets):
            del column[-1]
        del self.digests[-DIGEST_SIZE:]
        position = len(self.paths)
        if self.runs[-1] == position:
            del self.runs[-1]
        self.directory = None
        self.links.pop(position, None)
        self.xattrs.pop(position, None)
        self.devices.pop(position, None)
        self.sparse.pop(position, None)

    def set_digest(self, position: int, digest: bytes) -> None:
        """Set the content digest of an entry."""
        self.digests[position * DIGEST_SIZE : (position + 1) * DIGEST_SIZE] = digest

    def note(self, kind: str, path: str, detail: str, offset: int) -> None:
        """Record an anomaly; beyond a ceiling they are only counted."""
        if len(self._anomalies) < MAX_ANOMALIES:
            self._anomalies.append(Anomaly(kind, path[:PATH_MAX], detail[:PATH_MAX], offset))
        else:
            self._unnamed += 1

    def finish(self, uncompressed_size: int) -> LayerIndex:
        """The index of everything that was added."""
        known = set(self.paths)
        if len(known) < len(self.paths):
            self._note_duplicates()
        self._note_refusals(known)
        if self._unnamed:
            last = self._anomalies[-1]
            detail = f"{last.detail} (and {self._unnamed} further anomalies that are not named)".lstrip()
            self._anomalies[-1] = Anomaly(last.kind, last.path, detail, last.offset)
        return LayerIndex(
            paths=self.paths,
            types=self.types,
            attributes=self.attributes,
            attribute_table=self.attribute_table,
            sizes=self.sizes,
            mtimes_ns=self.mtimes_ns,
            digests=self.digests,
            offsets=self.offsets,
            links=self.links,
            xattrs=self.xattrs,
            devices=self.devices,
            sparse=self.sparse,
            anomalies=tuple(self._anomalies),
            uncompressed_size=uncompressed_size,
            runs=self.runs,
        )

    def find_last(self, paths: Iterable[str]) -> dict[str, int]:
        """The last position of each of these paths."""
        wanted = frozenset(paths)
        return {path: position for position, path in enumerate(self.paths) if path in wanted}

    def _note_duplicates(self) -> None:
        """Note paths that come again; a whiteout and a file of one path are two names."""
        slashed = {found.offset + BLOCK for found in self._anomalies if found.kind == anomalies.ABSOLUTE_NAME}
        seen: dict[bool, set[str]] = {False: set(), True: set()}
        removed: set[str] = set()
        for position, path in enumerate(self.paths):
            kind, offset = self.types[position], self.offsets[position]
            is_known = path in seen[False] or path in seen[True]
            if kind == EntryType.WHITEOUT:
                if is_known or path in removed:
                    self.note(anomalies.LATE_WHITEOUT, path, "", offset)
                removed.add(path)
                continue
            name = f"{path}/{OPAQUE_NAME}" if kind == EntryType.OPAQUE else path
            is_slashed = offset in slashed
            if name in seen[is_slashed]:
                self.note(anomalies.DUPLICATE_ENTRY, path, "", offset)
            elif name in seen[not is_slashed]:
                self.note(anomalies.DUPLICATE_ENTRY, path, "one of its names starts with a slash", offset)
            seen[is_slashed].add(name)

    def _note_refusals(self, known: set[str]) -> None:
        """Note what cannot be unpacked in the order of the entries."""
        order = UnpackOrder(self.paths, known, self.types, self.links, self.runs)
        for kind, position, detail in islice(order.find_refusals(), _MOST_REFUSALS):
            self.note(kind, self.paths[position], detail, self.offsets[position])
