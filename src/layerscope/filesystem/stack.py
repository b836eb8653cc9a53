"""LayerStack: the entries of all layers, numbered through from the lowest layer's first to the highest layer's last."""

from array import array
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import Final

from layerscope.layers.entry import ENTRY_TYPES, EntryType
from layerscope.layers.index import LayerIndex

ROOT: Final = -1
"""The ordinal of the root directory, which no entry can change: unpackers skip the entry of the root."""

_FILE: Final = EntryType.FILE.value
_DIRECTORY: Final = EntryType.DIRECTORY.value
_HARDLINK: Final = EntryType.HARDLINK.value
_WHITEOUT: Final = EntryType.WHITEOUT.value
_CHARACTER_DEVICE: Final = EntryType.CHARACTER_DEVICE.value

WHITEOUT_DEVICE: Final = (0, 0)
"""A character device with this number is what overlayfs itself stores for a whiteout, and shows as one."""


@dataclass(frozen=True)
class LayerStack:
    """Every entry of every layer by one number, its ordinal; negative ordinals are directories that no entry names.

    One number an entry keeps a merged tree of a million paths small. `types` and `sizes` hold each entry's type and its
    bytes of content. `implied` has layer and path of ordinals -1, -2, and so on. `hard_links` leads from a hard link to
    the entry whose content it shares, `attributes` from such an entry to the hard link whose header came last and so
    set mode, owner and time for both. `moved` holds the true paths of entries that lie under a symlink of their own
    layer, `linked_whiteouts` the hard links to whiteouts, which are whiteouts themselves, and `heirs` the hard link
    that stands for content whose own path is gone once all layers are merged.
    """

    indexes: tuple[LayerIndex, ...]
    starts: tuple[int, ...]
    types: bytearray
    sizes: "array[int]"
    implied: list[tuple[int, str]] = field(default_factory=lambda: [(0, "")])
    hard_links: dict[int, int] = field(default_factory=dict)
    attributes: dict[int, int] = field(default_factory=dict)
    moved: dict[int, str] = field(default_factory=dict)
    linked_whiteouts: set[int] = field(default_factory=set)
    heirs: dict[int, int] = field(default_factory=dict)

    @classmethod
    def of(cls, indexes: Sequence[LayerIndex]) -> "LayerStack":
        """Number the entries of `indexes`, lowest layer first."""
        starts = tuple(accumulate((len(index) for index in indexes), initial=0))[:-1]
        sizes = array("Q")
        for index in indexes:
            sizes.extend(index.sizes)
        types = bytearray().join(effective_types(index) for index in indexes)
        return cls(tuple(indexes), starts, types, sizes)

    def fork(self, indexes: Sequence[LayerIndex]) -> "LayerStack":
        """Other layers with all that is known of these; an entry that both have must have the same number in both."""
        other = replace(
            LayerStack.of(indexes),
            implied=self.implied.copy(),
            hard_links=self.hard_links.copy(),
            attributes=self.attributes.copy(),
            moved=self.moved.copy(),
        )
        for ordinal in self.linked_whiteouts:
            other.whiten(ordinal)
        return other

    def limits(self, layer: int) -> tuple[int, int]:
        """The first ordinal of a layer's entries, and the one after the last."""
        start = self.starts[layer]
        return start, start + len(self.indexes[layer])

    def locate(self, ordinal: int) -> tuple[int, int]:
        """Layer and position of an entry; position -1 for a directory that no entry names."""
        if ordinal < 0:
            return self.implied[-1 - ordinal][0], -1
        layer = bisect_right(self.starts, ordinal) - 1
        return layer, ordinal - self.starts[layer]

    def path(self, ordinal: int) -> str:
        """Where an entry was put."""
        if ordinal < 0:
            return self.implied[-1 - ordinal][1]
        moved = self.moved.get(ordinal)
        if moved is not None:
            return moved
        layer, position = self.locate(ordinal)
        return self.indexes[layer].paths[position]

    def imply(self, layer: int, path: str) -> int:
        """The ordinal of a directory that `layer` makes without naming it."""
        self.implied.append((layer, path))
        return -len(self.implied)

    def whiten(self, ordinal: int) -> None:
        """Let a hard link be the whiteout that it leads to."""
        self.types[ordinal] = _WHITEOUT
        self.linked_whiteouts.add(ordinal)

    def content(self, ordinal: int) -> int:
        """The entry that holds the content: a hard link's target as of its layer, any other entry itself."""
        return self.hard_links.get(ordinal, ordinal)

    def type(self, ordinal: int) -> EntryType:
        """What the container sees: a hard link is what it links to, and HARDLINK only where that is nothing."""
        return EntryType.DIRECTORY if ordinal < 0 else ENTRY_TYPES[self.types[self.content(ordinal)]]

    def is_directory(self, ordinal: int) -> bool:
        """Whether an entry is a directory, named or not."""
        return ordinal < 0 or self.types[ordinal] == _DIRECTORY

    def size(self, ordinal: int) -> int:
        """Bytes of content that the entry itself brings along: 0 for a hard link."""
        return 0 if ordinal < 0 or self.types[ordinal] != _FILE else self.sizes[ordinal]

    def is_device(self, ordinal: int) -> bool:
        """Whether a whiteout is overlayfs's own, which takes the place of what is there instead of failing."""
        layer, position = self.locate(ordinal)
        return self.indexes[layer].types[position] == _CHARACTER_DEVICE

    def has_hard_links(self, layer: int) -> bool:
        """Whether a layer holds hard links."""
        return self.types.find(_HARDLINK, *self.limits(layer)) >= 0


def effective_types(index: LayerIndex) -> bytearray:
    """The types of a layer's entries, with overlayfs's own whiteouts counted as whiteouts."""
    types = bytearray(index.types)
    for position, device in index.devices.items():
        if device == WHITEOUT_DEVICE and types[position] == _CHARACTER_DEVICE:
            types[position] = _WHITEOUT
    return types
