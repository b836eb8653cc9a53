"""Where an image's bytes lie: every file of every layer, the small ones summed up so that a page can hold them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from layerscope.audit.result import AuditResult
from layerscope.filesystem.endings import Ending
from layerscope.filesystem.tree import MergedTree
from layerscope.report.escape import escape_text

BUDGET: Final = 3_000_000
"""Characters that paths may take in the page; the smallest files beyond are told as sums of their folders."""

ENDINGS: Final = {Ending.REMOVED: 1, Ending.OVERWRITTEN: 2, Ending.METADATA: 3}
"""What became of a file's bytes, as the page's script knows it; 0 is for what the container sees."""
REPEATED: Final = 4
"""The container sees them, and sees the same content at another path, too."""

_WASTED: Final = frozenset(ENDINGS.values())

_ROW: Final = 12
"""Characters of a row beside its name."""
_DEPTH: Final = 16
"""Characters of a whole path, which the script puts together from the names above, that count as one of a row."""
_PIECE: Final = 16
"""Characters of what one layer holds."""
_ESCAPED: Final = 10
"""Characters that one of a name may become."""

Piece = tuple[int, int, int, int]
"""What a layer holds at a path: the layer, bytes, what became of them, and the layer that did it or has them, too."""


@dataclass(frozen=True)
class SizeTree:
    """Folders, parents first, and files with their pieces; what is too small has a row a folder and layer in `others`.

    A row of `folders` is (parent's row, name), of `files` (folder's row, name, pieces in turn), of `others` (folder's
    row, layer, bytes, wasted bytes, files). All sums are those of the whole image;
    a file counts in each layer that holds it.
    """

    folders: list[tuple[int, str]]
    files: list[tuple[int | str, ...]]
    others: list[tuple[int, int, int, int, int]]
    left_out: int
    """Files that have no row of their own."""


def build_size_tree(result: AuditResult, *, budget: int = BUDGET) -> SizeTree:
    """The tree of all layers that were read."""
    files = _collect_files(result.tree)
    folders = _sum_folders(files)
    least = _find_least(files, folders, budget)
    rows: dict[str, int] = {"": 0}
    told: list[tuple[int, str]] = [(-1, "")]
    for path in sorted(each for each, size in folders.items() if size > least and each):
        parent, _, name = path.rpartition("/")
        rows[path] = len(told)
        told.append((rows[parent], escape_text(name)))
    kept = [path for path, pieces in files.items() if _weigh(pieces) > least]
    others = _sum_others(files, rows, least)
    return SizeTree(told, [_make_row(path, files[path], rows) for path in sorted(kept)], others, len(files) - len(kept))


def _make_row(path: str, pieces: Iterable[Piece], rows: dict[str, int]) -> tuple[int | str, ...]:
    folder, _, name = path.rpartition("/")
    return (rows[folder], escape_text(name), *(number for piece in pieces for number in piece))


def _collect_files(tree: MergedTree) -> dict[str, list[Piece]]:
    """What layers hold at each path, the lowest first."""
    stack, files = tree.stack, dict[str, list[Piece]]()
    for layer, index in enumerate(stack.indexes):
        fates, start = dict(_iter_fates(tree, layer)), stack.starts[layer]
        for position, size in enumerate(index.sizes):
            if size:
                path = stack.moved.get(start + position) or index.paths[position]
                files.setdefault(path, []).append((layer, size, *fates.get(position, (0, layer))))
    return files


def _iter_fates(tree: MergedTree, layer: int) -> Iterator[tuple[int, tuple[int, int]]]:
    """By position in a layer: what became of files that are not simply seen, and the layer that it is due to."""
    for (holder, ender, ending), positions in tree.ended_files.items():
        if holder == layer:
            yield from ((position, (ENDINGS[ending], ender)) for position in positions)
    stack, repeats = tree.stack, tree.repeats
    for position in repeats.positions[layer]:
        yield position, (REPEATED, stack.locate(repeats.first[stack.starts[layer] + position])[0])


def _sum_folders(files: dict[str, list[Piece]]) -> dict[str, int]:
    """The bytes at and below each folder, in all layers together."""
    own: dict[str, int] = {}
    for path, pieces in files.items():
        folder = path.rpartition("/")[0]
        own[folder] = own.get(folder, 0) + _weigh(pieces)
    sums: dict[str, int] = {}
    for folder, size in own.items():
        for above in _iter_up(folder):
            sums[above] = sums.get(above, 0) + size
    return sums


def _find_least(files: dict[str, list[Piece]], folders: dict[str, int], budget: int) -> int:
    """The size that a path must exceed so that all that do fit the budget; a folder is as large as what is in it."""
    costs = [(_weigh(pieces), _cost(path, len(pieces))) for path, pieces in files.items()]
    costs += [(size, _cost(path, 2)) for path, size in folders.items()]
    costs.sort(reverse=True)
    spent = 0
    for size, cost in costs:
        spent += cost
        if spent > budget:
            return size
    return 0


def _cost(path: str, pieces: int) -> int:
    """About how many characters a row takes."""
    name = path.rpartition("/")[2]
    return (
        _ROW
        + len(path) // _DEPTH
        + len(name) * (1 if name.isascii() and name.isprintable() else _ESCAPED)
        + pieces * _PIECE
    )


def _weigh(pieces: Sequence[Piece]) -> int:
    return pieces[0][1] if len(pieces) == 1 else sum(piece[1] for piece in pieces)


def _sum_others(
    files: dict[str, list[Piece]], rows: dict[str, int], least: int
) -> list[tuple[int, int, int, int, int]]:
    """What has no row of its own, added up at the nearest folder above that has one."""
    sums: dict[tuple[int, int], list[int]] = {}
    places: dict[str, int] = {}
    for path, pieces in files.items():
        if _weigh(pieces) > least:
            continue
        folder = path.rpartition("/")[0]
        if folder not in places:
            places[folder] = next(rows[above] for above in _iter_up(folder) if above in rows)
        for layer, size, fate, _ in pieces:
            own = sums.setdefault((places[folder], layer), [0, 0, 0])
            own[0] += size
            own[1] += size * (fate in _WASTED)
            own[2] += 1
    return [(row, layer, size, wasted, count) for (row, layer), (size, wasted, count) in sorted(sums.items())]


def _iter_up(folder: str) -> Iterator[str]:
    """A folder and all above it, up to the root."""
    while folder:
        yield folder
        folder = folder.rpartition("/")[0]
    yield ""
