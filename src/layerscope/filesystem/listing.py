"""Listings of a tree: the merged one or what layers changed, with sizes of whole directories; drawn elsewhere."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from layerscope.filesystem.changes import Change, iter_changes
from layerscope.filesystem.globs import PathFilter
from layerscope.filesystem.lifetime import EventKind
from layerscope.filesystem.node import Node
from layerscope.filesystem.paths import is_within
from layerscope.filesystem.stack import ROOT
from layerscope.filesystem.tree import MergedTree
from layerscope.layers.entry import EntryType


class Order(StrEnum):
    """How rows of one directory are sorted."""

    SIZE = "size"
    """Largest first, directories with all that lies below them."""
    NAME = "name"


@dataclass(frozen=True, slots=True)
class ListingOptions:
    """Which rows are listed, and how.

    `patterns` choose paths, with all below them (see `PathFilter`). `min_size` leaves out what is smaller; directories
    are as large as what lies below them. `depth` cuts below so many levels. Sizes are of all that is chosen.
    """

    patterns: tuple[str, ...] = ()
    min_size: int = 0
    depth: int | None = None
    order: Order = Order.SIZE


@dataclass(frozen=True, slots=True)
class Row:
    """One path of a listing.

    `size` is what the entry itself brings along: 0 for a hard link. `present` adds up the sizes of what is there, at
    and below the path, `removed` of what is there no more. `folded` counts the chosen paths below that have no row. A
    path listed only because of what lies below it is `UNCHANGED` and has `is_chosen` false.
    """

    path: str
    depth: int
    change: Change
    type: EntryType
    mode: int
    uid: int
    gid: int
    link: str | None
    """A symlink's target, or the path that a hard link shares its content with."""
    layer: int
    size: int
    present: int
    removed: int
    folded: int
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Listing:
    """The rows, parents before children; sums and counts are of all chosen paths, with a row or without."""

    rows: tuple[Row, ...]
    present: int
    removed: int
    counts: Mapping[Change, int]


def list_tree(tree: MergedTree, path: str = "", *, options: ListingOptions = ListingOptions()) -> Listing:
    """What the container sees, at a path and below."""
    items = {path: _Item(ordinal, Change.UNCHANGED) for path, ordinal in tree.walk_ordinals(path)}
    return _list(tree, path, items, tree.layers, options)


def list_changes(
    tree: MergedTree, first: int, last: int, path: str = "", *, options: ListingOptions = ListingOptions()
) -> Listing:
    """What the layers from `first` to `last` changed in the tree below them, at a path and below it.

    The same number twice lists one layer's changes. A path removed by them shows what was there.
    """
    items = {}
    for change in iter_changes(tree, first, last):
        ordinal = change.before if change.after is None else change.after
        if ordinal is not None and is_within(change.path, path):
            items[change.path] = _Item(ordinal, change.change)
    return _list(tree, path, items, last, options)


@dataclass(slots=True)
class _Item:
    """A path on its way into a listing."""

    ordinal: int
    change: Change
    is_chosen: bool = True
    present: int = 0
    removed: int = 0
    count: int = 0
    """Chosen paths at and below."""


def _list(tree: MergedTree, top: str, items: dict[str, _Item], last: int, options: ListingOptions) -> Listing:
    """Choose, add up and put in order."""
    chosen = _choose(items, PathFilter.of(options.patterns))
    counts = Counter(item.change for item in chosen.values())
    _add_parents(tree, top, chosen, last)
    below: dict[str, list[str]] = {}
    tops: list[str] = []
    for path in sorted(chosen, key=_by_parts, reverse=True):
        item, parent = chosen[path], path.rpartition("/")[0]
        _add_own(item, tree.stack.size(item.ordinal))
        if path == top or not parent:
            tops.append(path)
        else:
            _add_below(chosen[parent], item)
            below.setdefault(parent, []).append(path)
    return Listing(
        rows=tuple(_iter_rows(tree, tops, chosen, below, options)),
        present=sum(chosen[path].present for path in tops),
        removed=sum(chosen[path].removed for path in tops),
        counts={change: counts[change] for change in Change if counts[change]},
    )


def _choose(items: dict[str, _Item], wanted: PathFilter) -> dict[str, _Item]:
    """The items that match or lie below one that does."""
    if wanted.is_empty:
        return items
    chosen: dict[str, _Item] = {}
    for path in sorted(items, key=_by_parts):
        if path.rpartition("/")[0] in chosen or wanted.matches(path):
            chosen[path] = items[path]
    return chosen


def _add_parents(tree: MergedTree, top: str, chosen: dict[str, _Item], last: int) -> None:
    """Add the directories that lead from the top to what is chosen."""
    implied = {place: -1 - number for number, place in enumerate(tree.stack.implied)}
    for path in list(chosen):
        parent = path.rpartition("/")[0]
        while parent and parent not in chosen and is_within(parent, top):
            chosen[parent] = _Item(_find_directory(tree, parent, last, implied), Change.UNCHANGED, is_chosen=False)
            parent = parent.rpartition("/")[0]


def _find_directory(tree: MergedTree, path: str, last: int, implied: Mapping[tuple[int, str], int]) -> int:
    """The entry of a directory that is there above layer `last`; `implied` numbers those that no entry names."""
    for event in reversed(tree.lifetime(path)):
        if event.layer > last or event.kind in {EventKind.REMOVED, EventKind.OPAQUED}:
            continue
        if event.position >= 0:
            return tree.stack.starts[event.layer] + event.position
        if (event.layer, path) in implied:
            return implied[event.layer, path]
    return ROOT


def _add_own(item: _Item, size: int) -> None:
    """Count an item itself."""
    if item.change is Change.REMOVED:
        item.removed += size
    else:
        item.present += size
    item.count += item.is_chosen


def _add_below(parent: _Item, item: _Item) -> None:
    """Add an item's sums to those of the directory it lies in."""
    parent.present += item.present
    parent.removed += item.removed
    parent.count += item.count


def _iter_rows(
    tree: MergedTree, tops: list[str], chosen: dict[str, _Item], below: dict[str, list[str]], options: ListingOptions
) -> Iterator[Row]:
    """The rows that are large and high enough, in order."""
    pending = [(path, 0) for path in _in_order(tops, chosen, options)][::-1]
    while pending:
        path, depth = pending.pop()
        item = chosen[path]
        children = _in_order(below.get(path, ()), chosen, options)
        if options.depth is not None and depth >= options.depth:
            children = []
        listed = sum(chosen[child].count for child in children)
        node = Node(path, item.ordinal, tree.stack)
        yield _make_row(node, item, depth, folded=item.count - item.is_chosen - listed)
        pending.extend((child, depth + 1) for child in reversed(children))


def _in_order(paths: Iterable[str], chosen: dict[str, _Item], options: ListingOptions) -> list[str]:
    """The paths of one directory that are large enough, sorted."""
    large = [path for path in paths if chosen[path].present + chosen[path].removed >= options.min_size]
    if options.order is Order.NAME:
        return sorted(large)
    return sorted(large, key=lambda path: (-chosen[path].present - chosen[path].removed, path))


def _make_row(node: Node, item: _Item, depth: int, *, folded: int) -> Row:
    """The row of an item."""
    return Row(
        path=node.path,
        depth=depth,
        change=item.change,
        type=EntryType.HARDLINK if node.is_hard_link else node.type,
        mode=node.mode,
        uid=node.uid,
        gid=node.gid,
        link=_find_link(node),
        layer=node.layer,
        size=node.own_size,
        present=item.present,
        removed=item.removed,
        folded=folded,
        is_chosen=item.is_chosen,
    )


def _by_parts(path: str) -> str:
    """A key that sorts paths by their parts, parents first."""
    return path.replace("/", "\0")


def _find_link(node: Node) -> str | None:
    """What a link leads to; of a hard link that leads nowhere, the path that its layer gives."""
    if node.type is EntryType.HARDLINK:
        return node.index.links.get(node.position)
    return node.content_path if node.is_hard_link else node.link
