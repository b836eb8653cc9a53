"""Where the bytes lie by which two images differ: every file that grew or shrank, the small ones summed up."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from layerscope.audit.image_diff import ImageDiff
from layerscope.diff.sizes import SizeCause, find_size_cause
from layerscope.diff.trees import FileChange
from layerscope.image.container import iter_up
from layerscope.report.escape import escape_line, escape_text, shorten
from layerscope.report.html.markup import Markup
from layerscope.report.html.page_data import write_json
from layerscope.report.instruction import tell_instruction
from layerscope.report.places import root_path

MOST_FILES: Final = 20_000
"""Files with rows of their own; a map has far fewer cells, and the JSON report has all."""
BUDGET: Final = 2_000_000
"""Characters that their paths may take in the page."""
NAME_LIMIT: Final = 200
"""Characters of a cause or an instruction."""


@dataclass(frozen=True)
class GrowthTree:
    """Folders, parents first, and files; what has no row of its own is summed by folder, cause and layer in `others`.

    A row of `folders` is (parent's row, name), of `files` (folder's row, name, growth, cause, layer), of `others`
    (folder's row, cause, layer, bytes grown, bytes shrunk, files). `causes` and `layers` are what rows call by number;
    a layer is that of the second image which has the file, or of the first where the file is gone.
    """

    folders: list[tuple[int, str]]
    files: list[tuple[int, str, int, int, int]]
    others: list[tuple[int, int, int, int, int, int]]
    causes: list[str]
    layers: list[str]


class _Numbers(dict[str, int]):
    """Texts by number, in the order in which they were first asked for."""

    def __missing__(self, text: str) -> int:
        self[text] = number = len(self)
        return number


def build_growth_tree(difference: ImageDiff, *, most: int = MOST_FILES, budget: int = BUDGET) -> GrowthTree:
    """The tree of all files that differ in size."""
    changes = sorted(
        (each for each in difference.files if each.growth), key=lambda each: (-abs(each.growth), each.path)
    )
    kept = changes[: _count_kept(changes, most, budget)]
    folders = sorted({above for each in kept for above in iter_up(each.path.rpartition("/")[0])})
    rows = {"": 0} | {path: number for number, path in enumerate(folders, start=1)}
    told = [(-1, "")] + [(rows[path.rpartition("/")[0]], escape_text(path.rpartition("/")[2])) for path in folders]
    causes, layers, files = _Numbers(), _Numbers(), list[tuple[int, str, int, int, int]]()
    for each in sorted(kept, key=lambda each: each.path):
        folder, _, name = each.path.rpartition("/")
        numbers = causes[_tell_cause(each)], layers[_tell_layer(each, difference)]
        files.append((rows[folder], escape_text(name), each.growth, *numbers))
    sums: dict[tuple[int, int, int], list[int]] = {}
    for each in changes[len(kept) :]:
        row = next(rows[above] for above in _iter_folders(each.path) if above in rows)
        own = sums.setdefault((row, causes[_tell_cause(each)], layers[_tell_layer(each, difference)]), [0, 0, 0])
        own[each.growth < 0] += abs(each.growth)
        own[2] += 1
    others = [(*place, grown, shrunk, count) for place, (grown, shrunk, count) in sorted(sums.items())]
    return GrowthTree(told, files, others, list(causes), list(layers))


def write_growth_data(difference: ImageDiff) -> Markup:
    """The same as JSON that nothing in it can break out of."""
    tree = build_growth_tree(difference)
    return write_json({
        "folders": tree.folders, "files": tree.files, "others": tree.others, "causes": tree.causes,
        "layers": tree.layers,
    })  # fmt: skip


def _count_kept(changes: Iterable[FileChange], most: int, budget: int) -> int:
    """How many of the largest changes have rows of their own."""
    kept = spent = 0
    for each in changes:
        spent += len(each.path)
        if kept >= most or spent > budget:
            break
        kept += 1
    return kept


def _iter_folders(path: str) -> Iterator[str]:
    """The folder of a path and all above it, the root last."""
    yield from iter_up(path.rpartition("/")[0])
    yield ""


def _tell_cause(change: FileChange) -> str:
    cause: SizeCause = find_size_cause(change.path, abs(change.growth))
    name = root_path(cause.name) if cause.name == cause.place else cause.name
    return shorten(escape_line(f"{cause.kind} {name}"), NAME_LIMIT, ellipsis="…")


def _tell_layer(change: FileChange, difference: ImageDiff) -> str:
    node, result, side = (
        (change.after, difference.after, "B") if change.after is not None else (change.before, difference.before, "A")
    )
    assert node is not None, "a change has a file on one side at least"
    instruction = tell_instruction(result.layers[node.layer].step)
    return shorten(f"{side} {node.layer}: {instruction}", NAME_LIMIT, ellipsis="…")
