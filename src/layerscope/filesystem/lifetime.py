"""A path's lifetime: every layer that added, changed or removed it."""

from enum import StrEnum
from typing import Final

from msgspec import Struct

from layerscope.filesystem.comparison import has_same_attributes, has_same_content
from layerscope.filesystem.endings import Endings
from layerscope.filesystem.stack import LayerStack
from layerscope.layers.entry import EntryType

_OPAQUE: Final = EntryType.OPAQUE.value
_MARKS: Final = frozenset({EntryType.WHITEOUT.value, EntryType.OPAQUE.value})


class EventKind(StrEnum):
    """What a layer did to a path."""

    ADDED = "added"
    CHANGED = "changed"
    """Other content, or another type."""
    METADATA = "metadata"
    """The same content again, with mode, owner, time or extended attributes of its own."""
    REMOVED = "removed"
    """A whiteout of the path or of a directory above it, or a file in that directory's place."""
    OPAQUED = "opaqued"
    """An opaque whiteout of a directory above it."""


class Event(Struct, frozen=True):
    """One change of a path; `position` is that of the entry that made it, -1 where no entry names the directory."""

    layer: int
    kind: EventKind
    position: int


class Lifetimes:
    """The events of every path of a tree; only paths with more than one are held."""

    def __init__(self, stack: LayerStack, endings: Endings) -> None:
        """Group the endings by path; those within one layer are no events."""
        self._stack = stack
        self._ended: dict[str, list[tuple[int, int]]] = {}
        unnamed = sorted(endings.between(-len(stack.implied), 0), key=lambda pair: stack.locate(pair[0]))
        for layer, index in enumerate(stack.indexes):
            start, stop = stack.starts[layer], stack.starts[layer] + len(index)
            mine = [pair for pair in unnamed if stack.locate(pair[0])[0] == layer]
            for ended, ender in (*mine, *endings.between(start, stop)):
                is_within = start <= ender < stop or (ender < 0 and stack.locate(ender)[0] == layer)
                if not is_within:
                    self._ended.setdefault(stack.path(ended), []).append((ended, ender))

    def events(self, path: str, visible: int | None) -> tuple[Event, ...]:
        """The events of a path, lowest layer first; `visible` is what the container sees there."""
        events: list[Event] = []
        before: int | None = None
        for ended, ender in self._ended.get(path, ()):
            events += self._arrival(before, ended)
            before = ended
            if not self._is_succession(path, ender):
                kind = EventKind.OPAQUED if ender >= 0 and self._stack.types[ender] == _OPAQUE else EventKind.REMOVED
                events.append(self._event(kind, ender))
                before = None
        if visible is not None:
            events += self._arrival(before, visible)
        return tuple(events)

    def _is_succession(self, path: str, ender: int) -> bool:
        """Whether the ender took the path over."""
        return (ender < 0 or self._stack.types[ender] not in _MARKS) and self._stack.path(ender) == path

    def _arrival(self, before: int | None, ordinal: int) -> list[Event]:
        """What the coming of an entry means to its path; nothing where a directory is merely listed again."""
        if before is None:
            return [self._event(EventKind.ADDED, ordinal)]
        if not has_same_content(self._stack, before, ordinal):
            return [self._event(EventKind.CHANGED, ordinal)]
        if self._stack.is_directory(ordinal) and has_same_attributes(self._stack, before, ordinal):
            return []
        return [self._event(EventKind.METADATA, ordinal)]

    def _event(self, kind: EventKind, ordinal: int) -> Event:
        """An event made by an entry."""
        layer, position = self._stack.locate(ordinal)
        return Event(layer, kind, position)
