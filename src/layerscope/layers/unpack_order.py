"""UnpackOrder: what a runtime meets that unpacks a layer entry by entry, and where it cannot go on.

All of it was tried on Docker 20.10 and 26.1, on overlay2 and the containerd image store, and on podman 4.3.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain, compress
from typing import Final, NamedTuple

from layerscope.layers import anomaly
from layerscope.layers.entry import EntryType

_MOST_ANCESTORS: Final = 64 << 20
"""Characters of all directories and what they lie in; the largest layer measured has 14,000 runs and a megabyte."""
_MOST_STEPS: Final = 10_000_000
"""Names that are looked at above entries and on the way through symlinks, in a whole layer: some seconds of work."""
_MOST_LINKS: Final = 40
"""Symlinks that Linux follows on one way (namei.h, MAXSYMLINKS)."""

_DIRECTORIES: Final = bytes(kind in {EntryType.DIRECTORY, EntryType.OPAQUE} for kind in range(256))
_NO_DIRECTORIES: Final = bytes(kind not in {EntryType.DIRECTORY, EntryType.OPAQUE} for kind in range(256))
_IMPLIED: Final = 1
"""Stands among the types for a directory that no entry has named yet, but in which something lies."""


class Refusal(NamedTuple):
    """An entry that cannot be unpacked: the kind of anomaly, the position, and what more there is to say."""

    kind: str
    position: int
    detail: str


class UnpackOrder:
    """Finds the entries of a layer that cannot be unpacked for what came before them, or did not.

    Only entries that take part are gone through: hard links and what they point to, and paths that the layer has both
    as a directory and as something else, with what lies below. A layer without any is looked at by C code alone.
    """

    def __init__(
        self, paths: Sequence[str], known: set[str], types: bytearray, links: Mapping[int, str], runs: "array[int]"
    ) -> None:
        """Take the columns of an index, and the set of the paths."""
        self._paths, self._types, self._links, self._runs = paths, types, links, runs
        self._directories = _find_directories(paths, runs)
        self._crossed = self._find_crossed(known)
        self._wanted: set[str] = set()
        self._nearest: dict[str, str | None] = {"": None}
        self._seen: dict[str, int] = {}
        self._ways: dict[str, str | None] = {}
        self._steps = _MOST_STEPS

    def find_refusals(self) -> Iterator[Refusal]:
        """The entries that are refused, in order; what would take too many steps is not looked at."""
        hard_links = [position for position in self._links if self._types[position] == EntryType.HARDLINK]
        if not self._crossed and not hard_links:
            return
        wanted = self._crossed | {self._links[position] for position in hard_links}
        wanted |= {self._resolve(target) or target for target in wanted} if self._symlinks else set()
        self._wanted = wanted
        named = compress(range(len(self._paths)), map(wanted.__contains__, self._paths))
        for position, parent in self._iter_stops(sorted({*hard_links, *named})):
            yield from self._check_parents(position, parent)
            if self._types[position] == EntryType.HARDLINK:
                yield from self._check_target(position)
            yield from self._take(position, is_crossing=parent is not None)

    def _find_crossed(self, known: set[str]) -> set[str]:
        """The paths that something lies in, and that are named as something else than a directory."""
        if len(known) == len(self._paths):
            # each path has one type, so that only the directories are to be told from the others
            directories = set(compress(self._paths, self._types.translate(_DIRECTORIES)))
            found = known.intersection(self._directories) - directories
        else:
            found = self._directories.keys() & compress(self._paths, self._types.translate(_NO_DIRECTORIES))
        found.discard("")
        return found

    def _iter_stops(self, wanted: list[int]) -> Iterator[tuple[int, str | None]]:
        """In order, the wanted positions and those of entries below a crossed path, each with the nearest of these."""
        if not self._crossed:
            yield from ((position, None) for position in wanted)
            return
        stops = chain(self._runs[1:], (len(self._paths),))
        for start, stop in zip(self._runs, stops, strict=False):
            nearest = self._find_nearest(self._paths[start].rpartition("/")[0])
            if nearest is not None:
                yield from ((position, nearest) for position in range(start, stop))
            else:
                inside = wanted[bisect_left(wanted, start) : bisect_left(wanted, stop)]
                yield from ((position, None) for position in inside)

    def _find_nearest(self, directory: str) -> str | None:
        """The nearest crossed path among a directory and those that it lies in."""
        asked = []
        while directory not in self._nearest:
            asked.append(directory)
            directory = directory.rpartition("/")[0]
        found = self._nearest[directory]
        for path in reversed(asked):
            found = self._nearest[path] = path if path in self._crossed else found
        return found

    def _check_parents(self, position: int, parent: str | None) -> Iterator[Refusal]:
        """Whether everything that an entry lies in is a directory by now, or becomes one."""
        if self._types[position] == EntryType.OPAQUE:
            return
        while parent is not None and self._steps:
            self._steps -= 1
            kind = self._seen.setdefault(parent, _IMPLIED)
            if kind == EntryType.SYMLINK:
                if (refused := self._judge_link(parent, position)) is not None:
                    yield Refusal(refused, position, f"below /{parent}, a link to {self._symlinks[parent]}")
                    return
            elif kind not in {_IMPLIED, EntryType.DIRECTORY}:
                yield Refusal(anomaly.BELOW_NO_DIRECTORY, position, f"below /{parent}")
                return
            parent = self._find_nearest(parent.rpartition("/")[0])

    def _judge_link(self, link: str, position: int) -> str | None:
        """What is wrong with an entry below this symlink; None where it leads to a directory that is there by then."""
        target = self._resolve(f"{link}/")
        if target is None:
            return anomaly.BELOW_NO_DIRECTORY if self._steps else None
        if self._is_directory(target.rstrip("/"), position):
            return None
        return anomaly.BELOW_NO_DIRECTORY if target.rstrip("/") in self._others else anomaly.BELOW_SYMLINK

    def _check_target(self, position: int) -> Iterator[Refusal]:
        """Whether the target of a hard link is there by now, and no directory."""
        target = self._links[position]
        real = self._resolve(target) if self._symlinks else target
        if real is None:
            return
        kind = self._seen.get(real, self._seen.get(target))
        if target == self._paths[position]:
            detail = "to itself"
        elif kind == EntryType.DIRECTORY or self._is_directory(real, position):
            detail = f"to the directory /{target}"
        elif kind is not None:
            return
        else:
            detail = f"to /{target}, which " + ("comes later" if real in self._others else "is not in its layer")
        yield Refusal(anomaly.DANGLING_HARDLINK, position, detail)

    def _take(self, position: int, *, is_crossing: bool) -> Iterator[Refusal]:
        """Remember what a path is from here on; a whiteout of what lies in the layer already is refused."""
        path, kind = self._paths[position], self._types[position]
        if kind == EntryType.WHITEOUT and self._seen.get(path) == _IMPLIED:
            yield Refusal(anomaly.LATE_WHITEOUT, position, "")
        if kind != EntryType.OPAQUE:
            places = {path, self._resolve(path) or path} if is_crossing and self._symlinks else {path}
            self._seen.update(dict.fromkeys(places & self._wanted, kind))

    def _is_directory(self, path: str, position: int) -> bool:
        """Whether a path that nothing replaced is a directory when the entry at the position comes."""
        first = min(self._directories.get(path, position), self._named.get(path, position))
        return not path or (self._seen.get(path, _IMPLIED) in {_IMPLIED, EntryType.DIRECTORY} and first < position)

    def _resolve(self, path: str) -> str | None:
        """Where a path lies once the links of the layer above its last name are followed; None where they lead round.

        The root is its own parent, as in the chroot in which layers are unpacked.
        """
        above, slash, name = path.rpartition("/")
        if above not in self._ways:
            self._ways[above] = self._follow(above)
        way = self._ways[above]
        return None if way is None else f"{way}{slash if way else ''}{name}"

    def _follow(self, directory: str) -> str | None:
        done: list[str] = []
        rest, followed = directory.split("/")[::-1], 0
        while rest:
            part = rest.pop()
            self._steps = max(0, self._steps - 1 - len(done))
            if not self._steps or followed > _MOST_LINKS:
                return None
            if part == "..":
                del done[-1:]
            elif part not in {"", "."}:
                done.append(part)
                link = self._symlinks.get("/".join(done))
                if link is not None:
                    followed += 1
                    done = [] if link.startswith("/") else done[:-1]
                    rest += link.split("/")[::-1]
        return "/".join(done)

    @cached_property
    def _symlinks(self) -> dict[str, str]:
        """Targets of symlinks by path."""
        links = self._links.items()
        return {self._paths[at]: target for at, target in links if self._types[at] == EntryType.SYMLINK}

    @cached_property
    def _named(self) -> dict[str, int]:
        """The first positions of the directories that the layer names."""
        found: dict[str, int] = {}
        for position, kind in enumerate(self._types):
            if kind == EntryType.DIRECTORY:
                found.setdefault(self._paths[position], position)
        return found

    @cached_property
    def _others(self) -> frozenset[str]:
        """All paths that are no directories."""
        return frozenset(compress(self._paths, self._types.translate(_NO_DIRECTORIES)))


def _find_directories(paths: Sequence[str], runs: "array[int]") -> dict[str, int]:
    """What entries lie in, with the position of the first; nothing where the names are too many to look at."""
    found, left = {"": 0}, _MOST_ANCESTORS
    for position in runs:
        directory = paths[position].rpartition("/")[0]
        while directory not in found:
            found[directory] = position
            left -= len(directory)
            directory = directory.rpartition("/")[0]
        if left < 0:
            return {}
    return found
