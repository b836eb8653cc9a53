"""UnpackedPaths: the directory that a layer is unpacked into, as far as entries to come may ask what is there."""

from collections.abc import Set as AbstractSet
from typing import Final, NamedTuple

from layerscope.layers import anomaly
from layerscope.layers.entry import EntryType
from layerscope.layers.own_symlinks import SLOT, STEP, OwnSymlinks, Steps, TooManyStepsError, Way

_MOST_KEPT: Final = 64 << 20
"""Characters of the paths that are kept, and `SLOT` for each."""
_IMPLIED: Final = 1
"""Stands among the types for a directory that no entry has named yet, but in which something lies."""
_FOLDERS: Final = frozenset({_IMPLIED, EntryType.DIRECTORY.value})


class Obstacle(NamedTuple):
    """Why nothing can be put into a directory: the kind of anomaly, and what is in the way."""

    kind: str
    detail: str


class UnpackedPaths:
    """What is at each path, links followed, once some entries of a layer are unpacked as Docker does it.

    Kept are the paths with one of the names that are given; `changes` counts what may let a check end otherwise, and
    `is_torn` tells whether a directory or a symlink was removed, so that directories may be where they were no more.
    """

    def __init__(self, names: AbstractSet[str], steps: Steps) -> None:
        """Start with an empty root."""
        self._names, self._steps = names, steps
        self._kinds: dict[str, int] = {}
        self._inside: dict[str, list[str]] = {}
        self._symlinks = OwnSymlinks(steps)
        self._kept = 0
        self.changes = 0
        self.is_torn = False
        self.removed: set[str] = set()
        """Paths that something else took the place of, or of what they lay in."""

    def is_named(self, path: str) -> bool:
        """Whether what is put there is kept."""
        return path.rpartition("/")[2] in self._names

    def enter(self, directory: str) -> Obstacle | None:
        """Make a directory and what it lies in where they are missing; or what makes that impossible."""
        way = self._symlinks.follow(directory)
        if way.path is None:
            return self._tell_round(directory) if way.is_round else None
        if not way.path or self._kinds.get(way.path) in _FOLDERS:
            return None
        obstacle = self._check_link(directory, way) if way.followed else None
        found, missing = self._find_nearest(way.path)
        if (obstacle is None or obstacle.kind == anomaly.BELOW_SYMLINK) and self._is_in_the_way(found):
            return Obstacle(anomaly.BELOW_NO_DIRECTORY, f"below /{found}")
        if obstacle is not None:
            return obstacle
        for path in reversed(missing):
            self._keep(path, _IMPLIED)
        return None

    def is_blocked(self, directory: str) -> bool:
        """Whether the way to a directory ends at what is none."""
        path = self._symlinks.resolve_directory(directory)
        found = "" if path is None else self._find_nearest(path)[0]
        return self._is_in_the_way(found)

    def mark(self, directory: str) -> Obstacle | None:
        """An opaque whiteout makes its directory, or marks what is there; or what makes that impossible."""
        obstacle = self.enter(directory)
        if obstacle is None:
            return None
        marked = self._symlinks.resolve_directory(directory)
        if marked in self._kinds:
            return Obstacle(anomaly.OPAQUE_NO_DIRECTORY, "" if marked == directory else f"through a link to /{marked}")
        below, link = f", {obstacle.detail}", f", below /{directory}, a link "
        if below.startswith(link):
            below = f"; /{directory} is a link {below[len(link) :]}"
        return Obstacle(obstacle.kind, f"its opaque whiteout{below}")

    @property
    def links(self) -> AbstractSet[str]:
        """Where symlinks are."""
        return self._symlinks.targets.keys()

    def is_direct(self, path: str) -> bool:
        """Whether a path leads through no symlink."""
        return not self._symlinks.follow(path).followed

    def find_loss(self, directory: str) -> str | None:
        """Why nothing is, in the end, where a directory was put; None where something is."""
        way = self._symlinks.follow(directory)
        is_there = not way.is_round if way.path is None else not way.path or way.path in self._kinds
        if is_there:
            return None
        lost = directory
        while (above := lost.rpartition("/")[0]) and not self._is_folder(above):
            self._steps.spend(STEP + len(above))
            lost = above
        target = self._symlinks.targets.get(self._symlinks.resolve_parent(lost) or lost)
        if target is not None:
            return f"in the end /{lost} is a link to {target}"
        return "it is gone with what it lay in" if lost == directory else f"in the end /{lost} is no directory"

    def put(self, path: str, kind: int, target: str) -> None:
        """Put an entry in place of what is there; a directory leaves what is in one that is there already."""
        real = self._symlinks.resolve_parent(path)
        if real is None or not self.is_named(path):
            return
        if kind != EntryType.DIRECTORY or self._kinds.get(real) not in _FOLDERS:
            self._remove(real)
        self._keep(real, kind)
        if kind == EntryType.SYMLINK:
            self._symlinks.put(real, target)

    def link(self, path: str, target: str) -> str | None:
        """Make a hard link; where that is impossible, the path that is missing, or the empty path for a directory."""
        real, source = self._symlinks.resolve_parent(path), self._symlinks.resolve_parent(target)
        if source is None and self._symlinks.follow(target.rpartition("/")[0]).is_round:
            return target
        if real is None or source is None:
            return None
        if not self.is_named(path):
            return self._miss(source)
        self._remove(real)
        missed = self._miss(source)
        if missed is not None:
            self._keep(real, EntryType.HARDLINK)
            return missed
        self._keep(real, self._kinds[source])
        link = self._symlinks.targets.get(source)
        if link is not None:
            self._symlinks.put(real, link)
        return None

    def remove_lower(self, path: str) -> int | None:
        """Make a whiteout; the kind of what is there already, which it cannot replace."""
        real = self._symlinks.resolve_parent(path)
        if real is None:
            return None
        present = self._kinds.get(real)
        if present is None:
            self._keep(real, EntryType.WHITEOUT)
        return present

    def _is_folder(self, path: str) -> bool:
        """Whether a path leads to a directory."""
        real = self._symlinks.resolve_directory(path)
        return real is not None and (not real or self._kinds.get(real) in _FOLDERS)

    def _is_in_the_way(self, path: str) -> bool:
        """Whether a path that is there, or the root, is no directory."""
        return bool(path) and self._kinds[path] not in _FOLDERS

    def _miss(self, source: str) -> str | None:
        kind = self._kinds.get(source)
        if not source or kind in _FOLDERS:
            return ""
        return source if kind is None else None

    def _check_link(self, directory: str, way: Way) -> Obstacle | None:
        """Whether the last link on a way leads to a directory that is there by now."""
        while directory:
            self._steps.spend(STEP + len(directory))
            above = directory.rpartition("/")[0]
            if self._symlinks.follow(above).followed < way.followed:
                break
            directory = above
        landed = self._symlinks.follow(directory)
        if not landed.path or self._kinds.get(landed.path) in _FOLDERS:
            return None
        return self._tell_link(directory, landed)

    def _tell_round(self, directory: str) -> Obstacle:
        """The first link on a way that leads nowhere."""
        while self._symlinks.follow(above := directory.rpartition("/")[0]).path is None:
            self._steps.spend(STEP + len(directory))
            directory = above
        return self._tell_link(directory, self._symlinks.follow(directory))

    def _tell_link(self, link: str, way: Way) -> Obstacle:
        """What is wrong with a path that ends with a link, or leads round."""
        real = self._symlinks.resolve_parent(link) or link
        target = self._symlinks.targets.get(real)
        detail = f"below /{link}" + ("" if target is None else f", a link to {target}")
        if way.path is None:
            return Obstacle(anomaly.BELOW_NO_DIRECTORY, detail)
        return Obstacle(anomaly.BELOW_NO_DIRECTORY if self.is_blocked(link) else anomaly.BELOW_SYMLINK, detail)

    def _find_nearest(self, path: str) -> tuple[str, list[str]]:
        """The nearest path that is there, at or above a path, and those below it that are missing."""
        missing = []
        while path and path not in self._kinds:
            self._steps.spend(STEP + len(path))
            missing.append(path)
            path = path.rpartition("/")[0]
        return path, missing

    def _keep(self, path: str, kind: int) -> None:
        self._steps.spend(STEP + len(path))
        if path not in self._kinds:
            if path not in self.removed:
                self._count(len(path) + SLOT)
            self._list(path)
        self.changes += 1
        self._kinds[path] = kind

    def _list(self, path: str) -> None:
        """Remember what a path goes with: the nearest thing above it, by way of what is not there (yet)."""
        while above := path.rpartition("/")[0]:
            self._steps.spend(STEP + len(above))
            is_listed = above in self._inside
            if not is_listed:
                self._count(SLOT)
                self._inside[above] = []
            self._inside[above].append(path)
            if is_listed or above in self._kinds:
                return
            path = above

    def _count(self, characters: int) -> None:
        """Count what is kept."""
        self._kept += characters
        if self._kept > _MOST_KEPT:
            raise TooManyStepsError

    def _remove(self, path: str) -> None:
        """Remove what is at a path, and all that goes with it."""
        kind = self._kinds.get(path)
        if kind is None and path not in self._inside:
            return
        self.changes += 1
        self.is_torn |= kind in _FOLDERS or kind == EntryType.SYMLINK
        pending = [path]
        while pending:
            gone = pending.pop()
            self._steps.spend(STEP + len(gone))
            pending += self._inside.pop(gone, ())
            if self._kinds.pop(gone, None) is not None:
                self._symlinks.drop(gone)
                self.removed.add(gone)
