"""One layer unpacked alone, entry by entry, for layers whose tar order matters.

That is so where two entries share a path, or where one lies below a symlink or a file of its own layer. Done as
containerd does it (pkg/archive/tar.go): links in the parent are followed inside the root, a directory over a directory
keeps what is in it, and anything else that is there already is removed. Docker refuses some of these layers. Where
containerd refuses one, Docker's overlay2 is followed: an opaque whiteout of a file leaves the file as it is; and where
both do, podman: a whiteout below a file is left out.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from layerscope.filesystem.changeset import Changeset, check_implied, effective_whiteouts
from layerscope.filesystem.layer_links import connect_hard_link, repeat_symlink
from layerscope.filesystem.stack import LayerStack
from layerscope.layers.entry import EntryType
from layerscope.layers.limits import PATH_MAX
from layerscope.layers.own_symlinks import STEP, OwnSymlinks

_DIRECTORY: Final = EntryType.DIRECTORY.value
_SYMLINK: Final = EntryType.SYMLINK.value
_HARDLINK: Final = EntryType.HARDLINK.value
_WHITEOUT: Final = EntryType.WHITEOUT.value
_OPAQUE: Final = EntryType.OPAQUE.value


def replay_layer(stack: LayerStack, layer: int, lower: Mapping[str, int]) -> Changeset:
    """The tree that one layer makes in an empty directory; `lower` is asked for the targets of hard links only."""
    replay = _Replay(stack, layer, lower)
    for position, path in enumerate(stack.indexes[layer].paths):
        replay.unpack(position, path)
    return replay.finish()


class _Replay:
    """The directory that a layer is being unpacked into."""

    def __init__(self, stack: LayerStack, layer: int, lower: Mapping[str, int]) -> None:
        self._stack = stack
        self._layer = layer
        self._index = stack.indexes[layer]
        self._start = stack.starts[layer]
        self._lower = lower
        self._nodes: dict[str, int] = {}
        self._implied: set[str] = set()
        self._implied_characters = 0
        self._below: dict[str, dict[str, None]] = {"": {}}
        self._symlinks = OwnSymlinks()
        self._whiteouts: dict[str, int] = {}
        self._opaques: dict[str, int] = {}
        self._replaced: list[tuple[int, int]] = []
        self._obstacle = ""

    def unpack(self, position: int, named: str) -> None:
        """Unpack the next entry."""
        ordinal = self._start + position
        kind = self._stack.types[ordinal]
        if len(named) >= PATH_MAX:
            self._replaced.append((ordinal, ordinal))
            return
        if kind == _OPAQUE:
            self._make_opaque(named, ordinal)
            return
        if not named:
            return
        path = self._symlinks.resolve_parent(named) or named
        if kind == _WHITEOUT and not self._stack.is_device(ordinal) and self._is_blocked(path):
            return
        self._enter(path.rpartition("/")[0], ordinal)
        if kind == _WHITEOUT:
            self._white_out(path, ordinal)
            return
        if kind == _HARDLINK:
            self._link(position, path)
        else:
            self._place(path, ordinal, is_directory=kind == _DIRECTORY)
            if kind == _SYMLINK:
                self._symlinks.put(path, self._index.links.get(position, ""))
        if path != named:
            self._stack.moved[ordinal] = path

    def finish(self) -> Changeset:
        """The layer as unpacked."""
        return Changeset(
            nodes=self._nodes,
            implied=sorted(self._implied),
            siblings={directory: self._list(paths) for directory, paths in self._below.items()},
            opaques=list(self._opaques.items()),
            whiteouts=effective_whiteouts(self._stack, self._whiteouts.items(), self._nodes),
            replaced=self._replaced,
        )

    def _make_opaque(self, named: str, ordinal: int) -> None:
        """Mark a directory; on a file or a whiteout, Docker sets the attribute as well, and the kernel ignores it."""
        path = self._symlinks.resolve_directory(named)
        path = named if path is None else path
        if self._is_no_directory(path):
            return
        self._enter(path, ordinal)
        self._opaques[path] = ordinal

    def _is_blocked(self, path: str) -> bool:
        """Whether a path lies in what is no directory: podman leaves whiteouts out there, and others refuse them."""
        directory = path.rpartition("/")[0]
        if directory in self._below:
            return False
        if not (path.startswith(f"{self._obstacle}/") and self._is_no_directory(self._obstacle)):
            self._obstacle = self._find_missing(directory)
        return self._is_no_directory(self._obstacle)

    def _find_missing(self, directory: str) -> str:
        """The uppermost path at or above one that is no directory; those above it all are, so that halving finds it."""
        known, missing = 0, len(directory)
        while True:
            middle = directory.find("/", (known + missing + 1) // 2, missing)
            if middle < 0:
                middle = directory.rfind("/", known + 1, missing)
            if middle < 0:
                return directory[:missing]
            self._symlinks.steps.spend(STEP + middle)
            if directory[:middle] in self._below:
                known = middle
            else:
                missing = middle

    def _is_no_directory(self, path: str) -> bool:
        """Whether something is at a path that is no directory."""
        return path not in self._below and (path in self._nodes or path in self._whiteouts)

    def _enter(self, directory: str, ordinal: int) -> None:
        """Make `directory` and its parents directories; what is in the way goes, as if by the entry `ordinal`."""
        missing = []
        while directory not in self._below:
            missing.append(directory)
            directory = directory.rpartition("/")[0]
        for path in reversed(missing):
            whiteout = self._whiteouts.get(path)
            self._remove(path, ordinal)
            if whiteout is not None:
                self._whiteouts[path] = whiteout
            self._implied.add(path)
            self._implied_characters += len(path)
            check_implied(self._layer, self._implied_characters)
            self._add(path)
            self._below[path] = {}

    def _place(self, path: str, ordinal: int, *, is_directory: bool) -> None:
        """Put an entry where it belongs."""
        if is_directory and path in self._below:
            superseded = self._nodes.get(path)
            if superseded is not None:
                self._replaced.append((superseded, ordinal))
            self._implied.discard(path)
        else:
            self._remove(path, ordinal)
            self._add(path)
            if is_directory:
                self._below[path] = {}
        self._nodes[path] = ordinal

    def _link(self, position: int, path: str) -> None:
        """Put a hard link where it belongs: to a whiteout, it is one itself."""
        ordinal, linked = self._start + position, self._resolve_target(position)
        if linked in self._whiteouts and linked not in self._nodes and linked not in self._below:
            self._stack.whiten(ordinal)
            self._replace_by_whiteout(path, ordinal)
            return
        target = self._nodes.get(linked, self._lower.get(linked))
        self._place(path, ordinal, is_directory=False)
        connect_hard_link(self._stack, ordinal, target)
        repeat_symlink(self._stack, ordinal, path, self._symlinks)

    def _white_out(self, path: str, ordinal: int) -> None:
        """Put a whiteout where it belongs; one by its name alone gives way to what is there."""
        if self._stack.is_device(ordinal):
            self._replace_by_whiteout(path, ordinal)
        elif path not in self._nodes or path in self._below:
            self._whiteouts[path] = ordinal
            self._add(path)

    def _replace_by_whiteout(self, path: str, ordinal: int) -> None:
        """Put overlayfs's own whiteout where it belongs, in place of what is there."""
        self._remove(path, ordinal)
        self._whiteouts[path] = ordinal
        self._add(path)

    def _add(self, path: str) -> None:
        """List a path in its directory; whiteouts are listed too, so that they go when the directory goes."""
        self._below[path.rpartition("/")[0]][path] = None

    def _list(self, paths: Iterable[str]) -> list[str]:
        """The paths that are more than whiteouts."""
        return [path for path in paths if path in self._nodes or path in self._implied]

    def _remove(self, path: str, ordinal: int) -> None:
        """Remove a path and all below it, because of the entry `ordinal`."""
        pending = [path]
        while pending:
            gone = pending.pop()
            replaced = self._nodes.pop(gone, None)
            if replaced is not None:
                self._replaced.append((replaced, ordinal))
            self._implied.discard(gone)
            self._symlinks.drop(gone)
            self._whiteouts.pop(gone, None)
            self._opaques.pop(gone, None)
            pending.extend(self._below.pop(gone, ()))

    def _resolve_target(self, position: int) -> str:
        """Where a hard link's target is at this moment."""
        target = self._index.links.get(position, "")
        return self._symlinks.resolve_parent(target) or target
