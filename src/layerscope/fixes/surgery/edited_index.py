"""A layer's index as it will be after its cuts, and where each of its entries stands in the old one."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from layerscope.filesystem.node import IMPLIED_MODE
from layerscope.fixes.surgery.cuts import Attributes, LayerCuts
from layerscope.layers.entry import EntryType
from layerscope.layers.index import DIGEST_SIZE, LayerIndex

NOWHERE: Final = -1
"""The old position of an entry that is new."""

_NO_DIGEST: Final = bytes(DIGEST_SIZE)


@dataclass(frozen=True)
class EditedIndex:
    """The index, and by position the old position."""

    index: LayerIndex
    positions: Sequence[int]


def edit_index(index: LayerIndex, cuts: LayerCuts) -> EditedIndex:
    """What the cuts leave, directories that get an entry of their own first; where they lie in the tar is not told."""
    if not cuts:
        return EditedIndex(index, range(len(index)))
    builder = _IndexBuilder(index)
    for path, mtime_ns in sorted(cuts.named.items()):
        builder.add_directory(path, mtime_ns)
    for position in range(len(index)):
        if position not in cuts.dropped:
            builder.add(position, cuts)
    return EditedIndex(builder.finish(), builder.positions)


class _IndexBuilder:
    """Columns that grow entry by entry."""

    def __init__(self, old: LayerIndex) -> None:
        self._old = old
        self.positions: list[int] = []
        self._paths: list[str] = []
        self._types, self._digests = bytearray(), bytearray()
        self._attributes, self._table = array("I"), list[tuple[int, int, int]]()
        self._sizes, self._times = array("Q"), array("q")
        self._links: dict[int, str] = {}
        self._xattrs: dict[int, dict[str, bytes]] = {}
        self._devices: dict[int, tuple[int, int]] = {}
        self._sparse: dict[int, array[int]] = {}

    def add_directory(self, path: str, mtime_ns: int) -> None:
        """A directory that no entry named."""
        self._append(NOWHERE, path, EntryType.DIRECTORY, Attributes(IMPLIED_MODE, 0, 0, mtime_ns))
        self._sizes.append(0)
        self._digests += _NO_DIGEST

    def add(self, position: int, cuts: LayerCuts) -> None:
        """An old entry, as the cuts leave it."""
        old, new = self._old, len(self._paths)
        file = cuts.replaced.get(position)
        mode, uid, gid = old.attribute(position)
        kept = Attributes(mode, uid, gid, old.mtimes_ns[position], old.xattrs.get(position, {}))
        attributes = cuts.given.get(position, kept) if file is None else file.attributes
        self._append(position, old.paths[position], old.types[position], attributes)
        self._sizes.append(old.sizes[position] if file is None else file.size)
        self._digests += old.digest(position) if file is None else file.digest
        for column, source in ((self._links, old.links), (self._devices, old.devices), (self._sparse, old.sparse)):
            if position in source and (file is None or column is not self._sparse):
                column[new] = source[position]  # type: ignore[assignment]

    def _append(self, position: int, path: str, kind: int, attributes: Attributes) -> None:
        if attributes.xattrs:
            self._xattrs[len(self._paths)] = dict(attributes.xattrs)
        self._attributes.append(len(self._table))
        self._table.append((attributes.mode, attributes.uid, attributes.gid))
        self._times.append(attributes.mtime_ns)
        self._paths.append(path)
        self._types.append(kind)
        self.positions.append(position)

    def finish(self) -> LayerIndex:
        """The index of all that was added."""
        return LayerIndex(
            self._paths,
            self._types,
            self._attributes,
            self._table,
            self._sizes,
            self._times,
            self._digests,
            array("Q", bytes(8 * len(self._paths))),
            self._links,
            self._xattrs,
            self._devices,
            self._sparse,
        )
