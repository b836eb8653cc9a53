"""OwnSymlinks: the symlinks of one layer while it is unpacked, and where its paths lie by them, in bounded time."""

from typing import Final, NamedTuple

from layerscope.layers.limits import PATH_MAX

MAX_LINKS: Final = 255
"""Symlinks followed on one way, as containerd's fs.RootPath does. Linux itself, and so Docker and podman in their
chroot, stops at 40: a layer that needs more is unpacked by containerd alone, and we show what can be unpacked."""
MOST_STEPS: Final = 300_000_000
"""Characters that are handled in all on the ways through symlinks, and `STEP` for each name: some seconds of work."""
MOST_KEPT: Final = 16 << 20
"""Characters of the ways that are kept, and `SLOT` for each; beyond it they are forgotten and found anew."""
STEP: Final = 64
"""Characters that take as long as it takes to look at one more name."""
SLOT: Final = 128
"""Bytes that a string and its place in a dictionary take beside its characters."""


class TooManyStepsError(ValueError):
    """A layer asks for more work than any real one does."""


class Steps:
    """Work that may still be done for one layer."""

    def __init__(self, left: int) -> None:
        """Allow so many characters."""
        self.left = left

    def spend(self, characters: int) -> None:
        """Count work before it is done; raises TooManyStepsError where none is left."""
        self.left -= characters
        if self.left < 0:
            raise TooManyStepsError


class Way(NamedTuple):
    """Where a directory lies, and how many symlinks lead there; no path where they lead round or to one too long."""

    path: str | None
    followed: int

    @property
    def is_round(self) -> bool:
        """Whether there are more links on it than any runtime follows."""
        return self.followed > MAX_LINKS


class OwnSymlinks:
    """The symlinks that a layer has made so far, by where they lie, and the ways through them.

    Symlinks of lower layers play no part: a runtime unpacks into an empty directory. The root is its own parent. Ways
    are kept until a link comes or goes where one of them leads through.
    """

    def __init__(self, steps: Steps | None = None) -> None:
        """Start with no links."""
        self.targets: dict[str, str] = {}
        self.steps = Steps(MOST_STEPS) if steps is None else steps
        self._ways: dict[str, Way] = {}
        self._passed: set[str] = set()
        self._kept = 0
        self._is_full = False

    def put(self, path: str, target: str) -> None:
        """A symlink is made, or replaced by another."""
        if self.targets.get(path) != target:
            self.targets[path] = target
            self._change(path)

    def drop(self, path: str) -> None:
        """Whatever is at a path is a symlink no more."""
        if self.targets.pop(path, None) is not None:
            self._change(path)

    def follow(self, directory: str) -> Way:
        """The way to a directory, each link on it followed, its own last name's as well."""
        if not self.targets:
            return Way(directory, 0)
        known = self._ways.get(directory)
        return self._find(directory) if known is None else known

    def resolve_directory(self, path: str) -> str | None:
        """Where a directory lies; None where no way leads there."""
        return self.follow(path).path

    def resolve_parent(self, path: str) -> str | None:
        """`path` with the links in its parent followed, itself left alone; None where no way leads there."""
        if not self.targets:
            return path
        parent, _, name = path.rpartition("/")
        directory = self.follow(parent).path
        return None if directory is None else f"{directory}/{name}" if directory else name

    def _find(self, directory: str) -> Way:
        """Go on from the nearest directory above to which a way is known."""
        if len(directory) >= PATH_MAX:
            return Way(None, 0)
        above, names = directory, list[str]()
        while above and above not in self._ways:
            self.steps.spend(STEP + len(above))
            above, _, name = above.rpartition("/")
            names.append(name)
        way = self._ways[above] if above else Way("", 0)
        while names:
            name = names.pop()
            above = f"{above}/{name}" if above else name
            way = way if way.path is None else self._walk(way.path, name, way.followed)
            self._kept += len(above) + len(way.path or "") + SLOT
            self._ways[above] = way
        if self._is_full or self._kept > MOST_KEPT:
            self._forget()
        return way

    def _walk(self, path: str, name: str, followed: int) -> Way:
        """Go from a path where no link is to a name in it, and on to where that leads."""
        rest, targets, spend = [name], self.targets, self.steps.spend
        while rest:
            part = rest.pop()
            spend(STEP + len(path))
            if part == "..":
                path = path.rpartition("/")[0]
            if part in {"", ".", ".."}:
                continue
            path = f"{path}/{part}" if path else part
            if len(path) >= PATH_MAX:
                return Way(None, followed)
            self._pass(path)
            target = targets.get(path)
            if target is None:
                continue
            followed += 1
            if followed > MAX_LINKS or len(target) >= PATH_MAX:
                return Way(None, followed)
            spend(STEP + len(target))
            path = "" if target.startswith("/") else path.rpartition("/")[0]
            rest += target.split("/")[::-1]
        return Way(path, followed)

    def _pass(self, path: str) -> None:
        """Remember that a way depends on what is at a path."""
        if self._kept > MOST_KEPT:
            self._is_full = True
        elif path not in self._passed:
            self._passed.add(path)
            self._kept += len(path) + SLOT

    def _change(self, path: str) -> None:
        if path in self._passed:
            self._forget()

    def _forget(self) -> None:
        self._ways.clear()
        self._passed.clear()
        self._kept, self._is_full = 0, False
