"""MergedTree: the root filesystem that a container sees, path by path, without an object for each."""

from collections.abc import Iterable, Iterator
from functools import cached_property

from layerscope.filesystem.ended_files import EndedFiles, group_ended_files
from layerscope.filesystem.endings import Endings, HiddenEntries
from layerscope.filesystem.globs import Glob
from layerscope.filesystem.lifetime import Event, Lifetimes
from layerscope.filesystem.links import Resolution, resolve_path
from layerscope.filesystem.node import Node
from layerscope.filesystem.repeats import Repeats, find_repeats
from layerscope.filesystem.stack import ROOT, LayerStack


class MergedTree:
    """All layers merged; immutable, made by `merge_layers`.

    Paths are those of entries: normalised, without a leading slash, the root being the empty path. The root is always
    there but is counted and walked nowhere. Nodes are made when asked for.
    """

    def __init__(
        self, stack: LayerStack, nodes: dict[str, int], children: dict[str, list[str]], endings: Endings
    ) -> None:
        """Hold what a merge found out: ordinals by path, paths by directory, and what ended which entry."""
        self.stack = stack
        self.endings = endings
        self._nodes = nodes
        self._children = children

    def __len__(self) -> int:
        return len(self._nodes)

    def __contains__(self, path: str) -> bool:
        return not path or path in self._nodes

    def __iter__(self) -> Iterator[str]:
        return iter(self._nodes)

    def items(self) -> Iterable[tuple[str, int]]:
        """Every path with the number of its entry, in no order."""
        return self._nodes.items()

    @property
    def layers(self) -> int:
        """How many layers were merged."""
        return len(self.stack.indexes)

    def ordinal(self, path: str) -> int | None:
        """The number of the entry that the container sees at a path."""
        return self._nodes.get(path) if path else ROOT

    def find_ordinals(self, paths: Iterable[str]) -> Iterator[int | None]:
        """The number of the entry at each of these paths, none of which is the root's."""
        return map(self._nodes.get, paths)

    def ordinals(self) -> Iterator[int]:
        """The numbers of all entries that the container sees, in no order."""
        return iter(self._nodes.values())

    def get(self, path: str) -> Node | None:
        """What lies at a path, taken literally: no link is followed, neither the last nor one on the way."""
        ordinal = self.ordinal(path)
        return None if ordinal is None else Node(path, ordinal, self.stack)

    def resolve(self, path: str, *, follow_last: bool = True) -> Node | None:
        """What a program in the container gets when it opens a path; links are followed inside the tree only."""
        return self.resolve_steps(path, follow_last=follow_last).node

    def resolve_steps(self, path: str, *, follow_last: bool = True) -> Resolution:
        """Where a path leads, with every link followed, and why it leads nowhere if it does."""
        return resolve_path(path, self.get, follow_last=follow_last)

    def children(self, path: str) -> list[str]:
        """The full paths of what lies directly in a directory, sorted; none for anything else."""
        return sorted(self._children.get(path, ()))

    def walk(self, prefix: str = "") -> Iterator[Node]:
        """The node at `prefix` and all below it, parents first, sorted by the parts of their paths; never the root."""
        for path, ordinal in self.walk_ordinals(prefix):
            yield Node(path, ordinal, self.stack)

    def walk_paths(self, prefix: str = "") -> Iterator[str]:
        """The paths that `walk` goes through."""
        return (path for path, _ in self.walk_ordinals(prefix))

    def walk_ordinals(self, prefix: str = "") -> Iterator[tuple[str, int]]:
        """The paths that `walk` goes through, with the numbers of their entries."""
        nodes, children = self._nodes, self._children
        pending = [prefix] if prefix in nodes else []
        if not prefix:
            pending = self.children("")[::-1]
        while pending:
            path = pending.pop()
            yield path, nodes[path]
            below = children.get(path)
            if below:
                pending.extend(sorted(below, reverse=True))

    def glob(self, pattern: str) -> Iterator[Node]:
        """The nodes whose full paths match: `*`, `?` and `[...]` within a name, `**` over any number of names."""
        for path in Glob.of(pattern).find(self.children, self.__contains__):
            yield Node(path, self._nodes[path], self.stack)

    def lifetime(self, path: str) -> tuple[Event, ...]:
        """Every layer that added, changed or removed a path, lowest first; empty if no layer ever had it."""
        if not path:
            return ()
        return self._lifetimes.events(path, self._nodes.get(path))

    @cached_property
    def hidden(self) -> HiddenEntries:
        """Every entry that some layer ships and the container does not see, by layer and position."""
        return HiddenEntries(self.stack, self.endings, self.kept)

    @cached_property
    def ended_files(self) -> EndedFiles:
        """Every file with content among `hidden`, grouped by its layer, the layer that ended it, and how."""
        return group_ended_files(self.stack, self.endings, self.kept)

    @cached_property
    def kept(self) -> frozenset[int]:
        """The entries whose content the container sees through a hard link, whatever lies at their own path."""
        return frozenset(
            content for link, content in self.stack.hard_links.items() if self._nodes.get(self.stack.path(link)) == link
        )

    @cached_property
    def covered(self) -> bytearray:
        """For each entry of all layers, by ordinal, a flag: 1 where the container does not see its content."""
        flags = bytearray(len(self.stack.types))
        for ordinal in self.endings.ended:
            if ordinal >= 0:
                flags[ordinal] = 1
        for ordinal in self.kept:
            flags[ordinal] = 0
        return flags

    @cached_property
    def repeats(self) -> Repeats:
        """The visible files whose content another visible file has already."""
        return find_repeats(self.stack, self.covered)

    @cached_property
    def _lifetimes(self) -> Lifetimes:
        """The events of every path."""
        return Lifetimes(self.stack, self.endings)
