"""UnpackOrder: what a runtime meets that unpacks a layer entry by entry, and where it cannot go on.

All of it was tried on Docker 20.10 and 26.1, on overlay2 and the containerd image store, and on podman 4.3.
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import chain, compress
from typing import Final, NamedTuple

from layerscope.layers import anomaly
from layerscope.layers.entry import EntryType
from layerscope.layers.limits import PATH_MAX
from layerscope.layers.own_symlinks import SLOT, STEP, Steps, TooManyStepsError
from layerscope.layers.unpacked_paths import Obstacle, UnpackedPaths

_MOST_IMPLIED: Final = 64 << 20
"""Characters of all directories that no entry names but in which something lies, and `SLOT` for each; also of all names
that are remembered. A layer of a million entries stays below it, unless most lie in directories of their own."""
_MOST_STEPS: Final = 100_000_000
"""Characters that are handled for a whole layer, and `STEP` for each name: some seconds of work."""
_MOST_LAST_STEPS: Final = 20_000_000
"""The same, once that is used up, to tell what is known by then."""
_ENTRY: Final = 16
"""Characters that take as long as it takes to pass an entry that nothing depends on."""

_DIRECTORIES: Final = bytes(kind in {EntryType.DIRECTORY, EntryType.OPAQUE} for kind in range(256))
_NO_DIRECTORIES: Final = bytes(kind not in {EntryType.DIRECTORY, EntryType.OPAQUE} for kind in range(256))
_WHITEOUTS: Final = bytes(kind == EntryType.WHITEOUT for kind in range(256))
_NAMED_DIRECTORIES: Final = bytes(kind == EntryType.DIRECTORY for kind in range(256))
_LINKS: Final = frozenset({EntryType.SYMLINK, EntryType.HARDLINK})


class Refusal(NamedTuple):
    """An entry that cannot be unpacked: the kind of anomaly, the position, and what more there is to say."""

    kind: str
    position: int
    detail: str


class UnpackOrder:
    """Finds the entries of a layer that cannot be unpacked for what came before them, or did not.

    A layer is gone through entry by entry where it has a path both as a directory and as something else, or a hard link
    whose target has no entry before it. Others cost a look at each directory, and at each hard link and its target.
    Beyond the ceilings of work and of memory, which no real layer was seen to come near, TooManyStepsError is raised.
    """

    def __init__(
        self, paths: Sequence[str], known: set[str], types: bytearray, links: Mapping[int, str], runs: "array[int]"
    ) -> None:
        """Take the columns of an index, and the set of the paths."""
        self._paths, self._types, self._links, self._runs = paths, types, links, runs
        self._known = known
        self.steps = Steps(_MOST_STEPS)
        """What work is left to be done."""
        self.unpacked = 0
        """Entries up to which each whiteout was compared with what is there then, or cannot be told to be late."""
        self.late: set[int] = set()
        """Whiteouts that were told to come after what they remove."""
        self._run_start = 0

    def find_refusals(self) -> Iterator[Refusal]:
        """The entries that are refused, in order, and then the directories that are lost in the end."""
        named = set(compress(self._paths, self._types.translate(_DIRECTORIES)))
        implied = _find_implied(self._paths, self._runs, named)
        if self._is_crossed(named, implied):
            self.unpacked = len(self._paths)
        elif self._are_links_in_order():
            return
        unpacked, refused = UnpackedPaths(self._list_names(chain(named, implied)), self.steps), set[int]()
        try:
            for refusal in self._unpack(unpacked):
                refused.add(refusal.position)
                yield refusal
        except TooManyStepsError:
            self.steps.left = _MOST_LAST_STEPS
            yield from self._find_lasting_losses(unpacked, refused)
            raise
        self.unpacked = len(self._paths)
        yield from self._find_losses(unpacked, refused, len(self._paths))

    def _are_links_in_order(self) -> bool:
        """Whether every hard link comes after a file at its target."""
        hard_links = [position for position in self._links if self._types[position] == EntryType.HARDLINK]
        targets, never = {self._links[position] for position in hard_links}, len(self._paths)
        first: dict[str, int] = {}
        for position in compress(range(never), map(targets.__contains__, self._paths) if targets else ()):
            path, kind = self._paths[position], self._types[position]
            if kind in {EntryType.DIRECTORY, EntryType.OPAQUE}:
                first[path] = never
            elif kind != EntryType.WHITEOUT:
                first.setdefault(path, position)
        return all(
            first.get(self._links[position], never) < position and self._links[position] != self._paths[position]
            for position in hard_links
        )

    def _is_crossed(self, named: set[str], implied: set[str]) -> bool:
        """Whether a path in which something lies, or that is named as a directory, is named as something else, too."""
        if not implied.isdisjoint(self._known):
            return True
        if len(self._known) == len(self._paths):
            return False
        return not named.isdisjoint(compress(self._paths, self._types.translate(_NO_DIRECTORIES)))

    def _list_names(self, directories: Iterable[str]) -> set[str]:
        """The names that any way may lead through or to: what is called otherwise need not be remembered."""
        found, kept = set[str](), 0
        whiteouts = compress(self._paths, self._types.translate(_WHITEOUTS))
        last = ((path.rpartition("/")[2],) for path in chain(directories, whiteouts))
        for names in chain(last, (path.split("/") for path in self._links.values())):
            for name in names:
                self.steps.spend(_ENTRY + len(name))
                if name not in found:
                    found.add(name)
                    kept += len(name) + SLOT
            if kept > _MOST_IMPLIED:
                raise TooManyStepsError
        return found

    def _unpack(self, unpacked: UnpackedPaths) -> Iterator[Refusal]:
        """Unpack the entries one by one, run by run."""
        paths, types, spend = self._paths, self._types, self.steps.spend
        for start, stop in zip(self._runs, chain(self._runs[1:], (len(paths),)), strict=False):
            self._run_start, directory, clear_at = start, paths[start].rpartition("/")[0], -1
            for position in range(start, stop):
                path, kind = paths[position], types[position]
                spend(_ENTRY)
                if not path or len(path) >= PATH_MAX:
                    continue
                if kind == EntryType.OPAQUE:
                    if (refused := unpacked.mark(path)) is not None:
                        yield Refusal(refused.kind, position, refused.detail)
                    continue
                if clear_at == unpacked.changes and kind != EntryType.HARDLINK and not unpacked.is_named(path):
                    continue
                refused = None if clear_at == unpacked.changes else unpacked.enter(directory)
                if refused is not None:
                    yield from self._place_refused(unpacked, position, refused)
                    continue
                clear_at = unpacked.changes
                yield from self._place(unpacked, path, position)

    def _place(self, unpacked: UnpackedPaths, path: str, position: int) -> Iterator[Refusal]:
        """Put an entry where it belongs, in a directory that is there."""
        kind = self._types[position]
        if kind == EntryType.HARDLINK:
            missed = unpacked.link(path, self._links.get(position, ""))
            if missed is not None:
                detail = self._tell_target(position, missed, was_there=missed in unpacked.removed)
                yield Refusal(anomaly.DANGLING_HARDLINK, position, detail)
        elif kind == EntryType.WHITEOUT:
            self.unpacked = max(self.unpacked, position + 1)
            if (present := unpacked.remove_lower(path)) is not None:
                self.late.add(position)
                yield Refusal(anomaly.LATE_WHITEOUT, position, "named twice" if present == EntryType.WHITEOUT else "")
        else:
            unpacked.put(path, kind, self._links.get(position, ""))

    def _find_losses(self, unpacked: UnpackedPaths, refused: AbstractSet[int], stop: int) -> Iterator[Refusal]:
        """Directories whose times cannot be set when all is unpacked; those that were never made are told already."""
        if not unpacked.is_torn:
            return
        for position in compress(range(stop), self._types.translate(_NAMED_DIRECTORIES)):
            path = self._paths[position]
            self.steps.spend(_ENTRY)
            if path and position not in refused and (detail := unpacked.find_loss(path)) is not None:
                yield Refusal(anomaly.REPLACED_DIRECTORY, position, detail)

    def _find_lasting_losses(self, unpacked: UnpackedPaths, refused: AbstractSet[int]) -> Iterator[Refusal]:
        """Directories that are lost by now, and that nothing of what was not unpacked can bring back.

        None are told where that may lie behind symlinks, or where one may come to lead to them.
        """
        paths, types, stop = self._paths, self._types, self._run_start
        folders = _find_implied(paths, self._runs[bisect_right(self._runs, stop) - 1 :], frozenset())
        links = {paths[position] for position in range(stop, len(paths)) if types[position] in _LINKS}
        folders.update(paths[position] for position in range(stop, len(paths)) if types[position] == EntryType.OPAQUE)
        if not folders.isdisjoint(chain(links, unpacked.links)):
            return
        coming = folders.union(paths[stop:])
        for loss in self._find_losses(unpacked, refused, stop):
            path = paths[loss.position]
            if path not in coming and unpacked.is_direct(path) and not self._is_below(path, links):
                yield loss

    def _is_below(self, path: str, links: AbstractSet[str]) -> bool:
        """Whether a path lies below one of these."""
        while links and (path := path.rpartition("/")[0]):
            self.steps.spend(STEP + len(path))
            if path in links:
                return True
        return False

    def _place_refused(self, unpacked: UnpackedPaths, position: int, refused: Obstacle) -> Iterator[Refusal]:
        """Tell what has no directory to lie in; where containerd makes one, what it refuses for the entry itself.

        What is refused for its parents counts as there for hard links to it, so that it is told once. A
        whiteout does not: where it is left out, one that comes later is the first.
        """
        path, kind = self._paths[position], self._types[position]
        if refused.kind == anomaly.BELOW_SYMLINK and kind != EntryType.DIRECTORY:
            yield next(self._place(unpacked, path, position), Refusal(refused.kind, position, refused.detail))
            return
        is_skipped = kind == EntryType.WHITEOUT and unpacked.is_blocked(path.rpartition("/")[0])
        below = anomaly.WHITEOUT_BELOW_NO_DIRECTORY if is_skipped else refused.kind
        yield Refusal(below, position, refused.detail)
        if kind not in {EntryType.DIRECTORY, EntryType.WHITEOUT}:
            unpacked.put(path, EntryType.FILE, "")

    def _tell_target(self, position: int, missed: str, *, was_there: bool) -> str:
        """Why nothing can be linked there."""
        target = self._links.get(position, "")
        if target == self._paths[position]:
            return "to itself"
        if not missed:
            return f"to the directory /{target}"
        if was_there:
            return f"to /{target}, which is replaced by then"
        return f"to /{target}, which " + ("comes later" if missed in self._known else "is not in its layer")


def _find_implied(paths: Sequence[str], runs: "array[int]", named: AbstractSet[str]) -> set[str]:
    """What entries lie in and none names as a directory; raises TooManyStepsError where that is too much to keep."""
    found, left = set[str](), _MOST_IMPLIED
    for position in runs:
        directory = paths[position].rpartition("/")[0]
        while directory and directory not in named and directory not in found:
            found.add(directory)
            left -= len(directory) + SLOT
            if left < 0:
                raise TooManyStepsError
            directory = directory.rpartition("/")[0]
    return found
