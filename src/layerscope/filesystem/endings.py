"""What became of entries that the container no longer sees: which entry ended each of them, and how."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Final, overload

from msgspec import Struct

from layerscope.filesystem.comparison import has_same_content
from layerscope.filesystem.stack import LayerStack
from layerscope.layers.entry import EntryType

_MARKS: Final = frozenset({EntryType.WHITEOUT.value, EntryType.OPAQUE.value})


class Ending(StrEnum):
    """How an entry went out of sight."""

    REMOVED = "removed"
    """A whiteout took it, or something of another type took its place or that of a directory above it."""
    OVERWRITTEN = "overwritten"
    """Other content of the same type lies over it at the same path."""
    METADATA = "metadata"
    """The same content lies over it; at most mode, owner, time and extended attributes differ."""


class Hidden(Struct, frozen=True):
    """An entry that some layer ships and the container does not see, and what hid it.

    `path` is where it was, `size` its bytes of content; `by_position` is -1 where a directory without an entry hid it.
    """

    layer: int
    position: int
    by_layer: int
    ending: Ending
    by_position: int
    path: str
    size: int


class Endings(Struct, frozen=True):
    """Pairs of ordinals: an entry and what ended it, in the order of the ended entries.

    A directory that a later entry gave new attributes counts as ended too, by that entry.
    """

    ended: "array[int]"
    enders: "array[int]"

    @classmethod
    def sorted(cls, ended: "array[int]", enders: "array[int]") -> "Endings":
        """The pairs in order."""
        places = sorted(range(len(ended)), key=ended.__getitem__)
        return cls(array("q", map(ended.__getitem__, places)), array("q", map(enders.__getitem__, places)))

    def __len__(self) -> int:
        return len(self.ended)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return zip(self.ended, self.enders, strict=True)

    def between(self, start: int, stop: int) -> Iterator[tuple[int, int]]:
        """The pairs whose ended entry lies in a range of ordinals."""
        first, last = bisect_left(self.ended, start), bisect_left(self.ended, stop)
        return zip(self.ended[first:last], self.enders[first:last], strict=True)

    def ender(self, ordinal: int) -> int | None:
        """What ended an entry, if anything did."""
        place = bisect_right(self.ended, ordinal) - 1
        return self.enders[place] if place >= 0 and self.ended[place] == ordinal else None


def judge_ending(stack: LayerStack, ended: int, ender: int) -> Ending | None:
    """How an entry went out of sight; None where a directory only got new attributes.

    An entry that no runtime can put on disk, its name being too long, is ended by itself.
    """
    if ended == ender:
        return Ending.REMOVED
    if ender >= 0 and stack.types[ender] in _MARKS:
        return Ending.REMOVED
    if stack.is_directory(ended):
        return None if stack.is_directory(ender) else Ending.REMOVED
    if stack.path(ended) != stack.path(ender):
        return Ending.REMOVED
    if stack.type(ended) is not stack.type(ender):
        return Ending.REMOVED
    return Ending.METADATA if has_same_content(stack, ended, ender) else Ending.OVERWRITTEN


class HiddenEntries(Sequence[Hidden]):
    """Every hidden entry, by layer and position; made one by one when asked for, since there can be very many."""

    def __init__(self, stack: LayerStack, endings: Endings, kept: frozenset[int]) -> None:
        """`kept` holds entries whose content the container still sees through a hard link."""
        self._stack = stack
        self._endings = endings
        self._places = array(
            "q",
            (
                place
                for place, (ended, ender) in enumerate(endings)
                if ended >= 0 and ended not in kept and not (stack.is_directory(ended) and stack.is_directory(ender))
            ),
        )

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, number: int) -> Hidden: ...

    @overload
    def __getitem__(self, number: slice) -> Sequence[Hidden]: ...

    def __getitem__(self, number: int | slice) -> Hidden | Sequence[Hidden]:
        if isinstance(number, slice):
            return [self._describe(place) for place in self._places[number]]
        return self._describe(self._places[number])

    def __iter__(self) -> Iterator[Hidden]:
        return map(self._describe, self._places)

    def _describe(self, place: int) -> Hidden:
        """One hidden entry."""
        ended, ender = self._endings.ended[place], self._endings.enders[place]
        ending = judge_ending(self._stack, ended, ender)
        assert ending is not None, "directories that live on are left out"
        layer, position = self._stack.locate(ended)
        by_layer, by_position = self._stack.locate(ender)
        return Hidden(
            layer=layer,
            position=position,
            by_layer=by_layer,
            ending=ending,
            by_position=by_position,
            path=self._stack.path(ended),
            size=self._stack.size(ended),
        )
