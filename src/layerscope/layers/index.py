"""LayerIndex: every entry of a layer, in columns, so that a million entries fit in memory."""

from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain

from layerscope.layers.entry import ENTRY_TYPES, Anomaly, Entry, EntryType

DIGEST_SIZE = 32
"""Bytes of a SHA-256."""

NO_XATTRS: Mapping[str, bytes] = {}


@dataclass(frozen=True)
class LayerIndex:
    """The entries of one layer in the order of its tar, column by column; entry `i` is position `i` of each.

    `types` holds EntryType values, `attributes` positions in `attribute_table` of (mode, uid, gid), `digests` 32 bytes
    an entry (zeros where there is no content), `links`, `xattrs`, `devices` and `sparse` only the entries that have
    them. `runs` has the positions where entries begin to lie in another directory than the one before: a tar names
    neighbours in a row, and who asks about directories need not look at every path. It is found where it is not given.
    """

    paths: list[str]
    types: bytearray
    attributes: "array[int]"
    attribute_table: list[tuple[int, int, int]]
    sizes: "array[int]"
    mtimes_ns: "array[int]"
    digests: bytearray
    offsets: "array[int]"
    links: dict[int, str] = field(default_factory=dict)
    xattrs: dict[int, dict[str, bytes]] = field(default_factory=dict)
    devices: dict[int, tuple[int, int]] = field(default_factory=dict)
    sparse: dict[int, "array[int]"] = field(default_factory=dict)
    """Files that are stored without their holes: offset and length in turn of each stored segment."""
    anomalies: tuple[Anomaly, ...] = ()
    unnamed: dict[str, int] = field(default_factory=dict)
    """How many more anomalies of a kind there are than those that are named."""
    uncompressed_size: int = 0
    """Bytes of the whole tar, padding and trailer included."""
    unused: int = 0
    """How many headers brought no entry: global ones, those that others replaced, and members that are none."""
    runs: "array[int]" = field(default_factory=lambda: array("I"))

    def __post_init__(self) -> None:
        if self.paths and not self.runs:
            object.__setattr__(self, "runs", find_runs(self.paths))

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, position: int) -> Entry:
        mode, uid, gid = self.attribute_table[self.attributes[position]]
        kind = ENTRY_TYPES[self.types[position]]
        return Entry(
            path=self.paths[position],
            type=kind,
            mode=mode,
            uid=uid,
            gid=gid,
            size=self.sizes[position],
            mtime_ns=self.mtimes_ns[position],
            link=self.links.get(position),
            digest=self.digest(position) if kind is EntryType.FILE else None,
            xattrs=self.xattrs.get(position, NO_XATTRS),
            device=self.devices.get(position),
            offset=self.offsets[position],
        )

    def __iter__(self) -> Iterator[Entry]:
        return (self[position] for position in range(len(self.paths)))

    def iter_runs(self) -> Iterator[tuple[str, int, int]]:
        """A directory, and the positions from which and up to which entries lie in it; it may come again.

        The root seems to lie in itself.
        """
        paths, stops = self.paths, chain(self.runs[1:], (len(self.paths),))
        return ((paths[start].rpartition("/")[0], start, stop) for start, stop in zip(self.runs, stops, strict=False))

    def digest(self, position: int) -> bytes:
        """The raw SHA-256 of an entry's content; zeros where it has none."""
        return bytes(self.digests[position * DIGEST_SIZE : (position + 1) * DIGEST_SIZE])

    def attribute(self, position: int) -> tuple[int, int, int]:
        """Mode, uid and gid of an entry."""
        return self.attribute_table[self.attributes[position]]


def find_runs(paths: Iterable[str]) -> "array[int]":
    """The positions of paths that lie in another directory than the one before."""
    runs, current = array("I"), None
    for position, path in enumerate(paths):
        directory = path.rpartition("/")[0]
        if directory != current:
            runs.append(position)
            current = directory
    return runs
