"""Paths that one layer names more than once, under one name or under several."""

from array import array
from collections import defaultdict
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import Final, NamedTuple

from layerscope.layers import anomaly
from layerscope.layers.entry import EntryType
from layerscope.layers.path import OPAQUE_NAME, spell_name

_SHOWN_NAMES: Final = 3
"""Names of one path that are shown; it may have as many as a name has room for `..`."""
_LONGEST_SHOWN: Final = 200
"""Characters of a path whose names are shown."""


class Repetition(NamedTuple):
    """An entry whose path came before: the kind of anomaly, the position, and what of the path it is."""

    kind: str
    position: int
    detail: str


def find_repetitions(
    paths: Sequence[str], types: bytearray, starts: "array[int]", unpacked: int, late: AbstractSet[int]
) -> Iterator[Repetition]:
    """Yield the entries whose names came before, and in the end each path with several names at its last new one.

    A whiteout and a file of one path are two names.

    `starts` tells how each name starts: Docker and podman compare names as Go's path.Clean leaves them, with the slash
    or the `..` before them (tar-split's storage/packer.go). Whiteouts before the position `unpacked` were compared with
    what is there at their time, which says more of those that are `late`.
    """
    names, removed = _Names(), _Names()
    respelled: dict[str, int] = {}
    for position, path in enumerate(paths):
        kind = types[position]
        if kind == EntryType.WHITEOUT:
            if position >= unpacked and (names.has(path) or removed.has(path)):
                yield Repetition(anomaly.LATE_WHITEOUT, position, "" if names.has(path) else "named twice")
            elif position not in late and removed.has_spelled(path, starts[position]):
                yield Repetition(anomaly.DUPLICATE_ENTRY, position, "its whiteout")
            removed.add(path, starts[position])
            continue
        is_opaque = kind == EntryType.OPAQUE
        name, detail = (f"{path}/{OPAQUE_NAME}", "its opaque whiteout") if is_opaque else (path, "")
        if names.has_spelled(name, starts[position]):
            yield Repetition(anomaly.DUPLICATE_ENTRY, position, detail)
        elif names.has(name):
            respelled[name] = position
        names.add(name, starts[position])
    for name, position in respelled.items():
        yield Repetition(anomaly.RESPELLED_DUPLICATE, position, _tell_names(name, names.spelled[name]))


def _tell_names(path: str, starts: Sequence[int]) -> str:
    """Under which names the path comes, the first of them where there are many, and none of a path that is long."""
    if len(path) > _LONGEST_SHOWN:
        return f"under {len(starts):,} names"
    shown = [spell_name(path.removeprefix("/"), start) for start in starts[:_SHOWN_NAMES]]
    more = ["…"] * (len(starts) > _SHOWN_NAMES)
    return f"under {len(starts):,} names ({', '.join(shown + more)})"


class _Names:
    """Paths with how their names start, which nearly all do with nothing before the path.

    `spelled` has, for each path with several names, how they start, in the order in which they came.
    """

    def __init__(self) -> None:
        self._plain: set[str] = set()
        self._by_start: defaultdict[int, set[str]] = defaultdict(set)
        self._led: dict[str, int] = {}
        self.spelled: dict[str, list[int]] = {}

    def add(self, path: str, start: int) -> None:
        if self.has_spelled(path, start):
            return
        if self.has(path):
            self.spelled.setdefault(path, [self._led.get(path, 0)]).append(start)
        if start:
            self._led.setdefault(path, start)
            self._by_start[start].add(path)
        else:
            self._plain.add(path)

    def has(self, path: str) -> bool:
        """Whether the path came, whatever its name started with."""
        return path in self._plain or path in self._led

    def has_spelled(self, path: str, start: int) -> bool:
        """Whether the path came under a name that started so."""
        return path in (self._by_start.get(start, ()) if start else self._plain)
