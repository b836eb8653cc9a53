"""Columns: a LayerIndex while its layer passes."""

from array import array
from collections.abc import Iterable

from layerscope.layers import anomaly as anomalies
from layerscope.layers.entry import Anomaly, EntryType
from layerscope.layers.index import DIGEST_SIZE, LayerIndex
from layerscope.layers.limits import MAX_ANOMALIES, PATH_MAX
from layerscope.layers.own_symlinks import TooManyStepsError
from layerscope.layers.rare_numbers import RareNumbers
from layerscope.layers.repeated_paths import find_repetitions
from layerscope.layers.tar_header import BLOCK
from layerscope.layers.unpack_order import UnpackOrder

NO_DIGEST = bytes(DIGEST_SIZE)

_INT64_MAX = 2**63 - 1
_SECOND_NS = 1_000_000_000
_NO_SECOND_NS = 2**63 * _SECOND_NS
"""From here on, and a second below its opposite, seconds do not fit 64 bits: Go's archive/tar refuses the header."""


class Columns:
    """Grows the columns of a LayerIndex; the scanner's hot loop appends to them directly.

    `directory` is the one that the last entry lies in; `starts` tells how names start (`path.find_start`), and `leads`
    how far before its content an entry's first header begins.
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
        self.starts = RareNumbers("i", 0)
        self.leads = RareNumbers("Q", BLOCK)
        self.names = 0
        self._counted = 0
        self._dot: int | None = None
        self._anomalies: list[Anomaly] = []
        self._noted: dict[str, int] = {}

    def append(
        self, path: str, kind: EntryType, attribute: int, *, size: int, mtime_ns: int, offset: int, header: int
    ) -> int:
        """Add an entry without content, and return its position; the scanner sets its digest when it has read it.

        `offset` is where its content lies, `header` where its first header does.
        """
        directory = path.rpartition("/")[0]
        if directory != self.directory:
            self.runs.append(len(self.paths))
            self.directory = directory
        self.paths.append(path)
        self.types.append(kind)
        self.attributes.append(attribute)
        self.sizes.append(size)
        if not -_INT64_MAX <= mtime_ns <= _INT64_MAX:
            is_number = -_NO_SECOND_NS - _SECOND_NS < mtime_ns < _NO_SECOND_NS
            kind_of = anomalies.EXCESSIVE_NUMBER if is_number else anomalies.BAD_NUMBER
            self.note(kind_of, path, f"time {mtime_ns} ns is out of range", header)
            mtime_ns = _INT64_MAX if mtime_ns > 0 else -_INT64_MAX
        self.mtimes_ns.append(mtime_ns)
        self.digests += NO_DIGEST
        self.offsets.append(offset)
        position = len(self.paths) - 1
        if offset - header != BLOCK:
            self.leads.add(position, offset - header)
        return position

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
        self.starts.drop(position)
        self.leads.drop(position)
        self.links.pop(position, None)
        self.xattrs.pop(position, None)
        self.devices.pop(position, None)
        self.sparse.pop(position, None)

    def set_digest(self, position: int, digest: bytes) -> None:
        """Set the content digest of an entry."""
        self.digests[position * DIGEST_SIZE : (position + 1) * DIGEST_SIZE] = digest

    def note(self, kind: str, path: str, detail: str, offset: int) -> None:
        """Record an anomaly; those of one kind are only counted beyond a ceiling, so that none hides another kind."""
        count = self._noted[kind] = self._noted.get(kind, 0) + 1
        if count <= MAX_ANOMALIES:
            self._anomalies.append(Anomaly(kind, path[:PATH_MAX], detail[:PATH_MAX], offset))

    def note_root(self, name: str, start: int, offset: int) -> None:
        """Note what has the root's name and is no directory; a name that is cleaned to a dot is skipped by runtimes."""
        self.note(anomalies.ROOT_NO_DIRECTORY if start else anomalies.EMPTY_NAME, "", f"named {name}", offset)
        if not start:
            self.count_dot(offset)

    def count_dot(self, offset: int) -> None:
        """Note a skipped entry whose name is cleaned to a dot, as no name is, where one came already.

        It counts as a name all the same: Docker and podman refuse another.
        """
        if self._dot is None:
            self._dot = offset
        else:
            self.note(anomalies.DUPLICATE_ENTRY, "", "", offset)

    def finish(self, uncompressed_size: int, *, unused: int = 0) -> LayerIndex:
        """The index of everything that was added, and how many headers were not."""
        known = set(self.paths)
        order = self._note_refusals(known)
        if len(known) < len(self.paths):
            self._note_repetitions(order)
        if self._dot is not None:
            self._note_repeated_root(self._dot)
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
            unnamed={kind: count - MAX_ANOMALIES for kind, count in self._noted.items() if count > MAX_ANOMALIES},
            uncompressed_size=uncompressed_size,
            unused=unused,
            runs=self.runs,
        )

    def find_last(self, paths: Iterable[str]) -> dict[str, int]:
        """The last position of each of these paths."""
        wanted = frozenset(paths)
        return {path: position for position, path in enumerate(self.paths) if path in wanted}

    def _note_repetitions(self, order: UnpackOrder) -> None:
        """Note paths that come again; some whiteouts were looked at in the order of the entries."""
        starts = self.starts.spread(len(self.paths))
        for kind, position, detail in find_repetitions(self.paths, self.types, starts, order.unpacked, order.late):
            self._note_entry(kind, position, detail)

    def _note_repeated_root(self, dot: int) -> None:
        """Note the later of the first entry named a dot, and of the first that was skipped with that name."""
        for position, path in enumerate(self.paths):
            if not path and self.types[position] == EntryType.DIRECTORY and not self.starts[position]:
                place = self.offsets[position] - self.leads[position]
                self.note(anomalies.DUPLICATE_ENTRY, "", "", max(dot, place))
                return

    def _note_refusals(self, known: set[str]) -> UnpackOrder:
        """Note what cannot be unpacked in the order of the entries, which is told in the end."""
        order = UnpackOrder(self.paths, known, self.types, self.links, self.runs)
        try:
            for kind, position, detail in order.find_refusals():
                self._note_entry(kind, position, detail)
        except TooManyStepsError:
            self.note(anomalies.UNCHECKED_ORDER, "", "", 0)
        return order

    def _note_entry(self, kind: str, position: int, detail: str) -> None:
        """Record an anomaly of an entry, which lies where its first header does."""
        self.note(kind, self.paths[position], detail, self.offsets[position] - self.leads[position])
