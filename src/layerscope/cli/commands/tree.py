"""`layerscope tree`: the merged tree, one layer's changes, or those of several layers together."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Final

import click

from layerscope.audit.read_image import ReadImage
from layerscope.cli.command import Command
from layerscope.cli.console import Console
from layerscope.cli.image_access import read, tell_doubts
from layerscope.cli.options import Reading, image_argument, output_option, toc_option, with_console, with_reading
from layerscope.cli.outputs import TEXT_AND_JSON, Renderer, deliver, parse_outputs
from layerscope.cli.sizes import parse_size
from layerscope.cli.tree_paths import check_layer, find_visible, heeding_damage
from layerscope.errors import UsageError
from layerscope.filesystem.listing import Listing, ListingOptions, Order, Row, list_changes, list_tree
from layerscope.filesystem.merge import merge_layers
from layerscope.layers.scan import Proof
from layerscope.report.places import tell_reference
from layerscope.report.tree_json import render_tree_json
from layerscope.report.tree_view import TreePage, render_tree_text

COMFORTABLE_ROWS: Final = 200
"""Rows on a terminal, unless somebody says how deep: the tree is cut at the level where there would be more."""


@dataclass(frozen=True)
class Question:
    """What is to be listed: the merged tree up to a layer, or what layers `first` to `last` changed, below a path."""

    path: str
    first: int | None
    last: int


@click.command("tree", cls=Command)
@image_argument
@click.argument("path", default="/")
@click.option("--layer", type=click.IntRange(min=0), metavar="N", help="Only what layer N changes.")
@click.option("--upto", type=click.IntRange(min=0), metavar="N", help="The tree as it is after layer N.")
@click.option(
    "--changes", is_flag=True, help="What all layers above the lowest changed together, or those up to --upto."
)
@click.option("--sort", type=click.Choice([str(order) for order in Order]), default="size", show_default=True)
@click.option("--min-size", type=parse_size, default="0", metavar="SIZE", help="Leave out what is smaller.")
@click.option(
    "--depth",
    type=click.IntRange(min=1),
    metavar="N",
    help="Levels below PATH; by default all, or as many as fit a terminal.",
)
@click.option(
    "--glob",
    multiple=True,
    metavar="PATTERN",
    help="Only paths that match, such as '*.so' or 'usr/lib/**'; repeatable.",
)
@click.option("-l", "--long", "is_long", is_flag=True, help="Show modes and owners.")
@toc_option
@with_reading
@output_option
@with_console
def command(
    image: str,
    path: str,
    *,
    layer: int | None,
    upto: int | None,
    changes: bool,
    sort: str,
    min_size: int,
    depth: int | None,
    glob: tuple[str, ...],
    is_long: bool,
    by_table: bool,
    reading: Reading,
    output: tuple[str, ...],
    console: Console,
) -> int:
    """List files: merged, or one layer's changes.

    Sizes of directories are those of all that lies below them. A layer's number says which layer put a path there.
    """
    outputs = parse_outputs(output, formats=TEXT_AND_JSON)
    found = read(image, reading, console=console, by_table=by_table)
    code = tell_doubts(found, console)
    question = _understand(path, found, layer=layer, upto=upto, changes=changes)
    options = ListingOptions(tuple(glob), min_size, _count_levels(depth, question), Order(sort))
    with heeding_damage(found):
        listing = _answer(question, found, options)
    fitted = listing
    if depth is None and console.is_terminal():
        fitted = _fit(listing, question, found, options, console)
    told = [number for number, scan in enumerate(found.scans) if scan.proof is Proof.TABLE]
    page = TreePage(
        _tell_title(question, found) + (", as tables of contents tell it, nothing proved" if told else ""),
        is_long=is_long,
        has_marks=question.first is not None,
        is_filtered=bool(glob or min_size),
    )
    renderers: dict[str, Renderer] = {
        "terminal": lambda context: render_tree_text(fitted if context.is_terminal else listing, page, context),
        "json": lambda _: render_tree_json(listing, reference=found.image.reference, told_by_table=told),
    }
    deliver(outputs, renderers, context=console.render_context(), console=console)
    return code


def _understand(path: str, read: ReadImage, *, layer: int | None, upto: int | None, changes: bool) -> Question:
    """What the options ask for; raises UsageError where they contradict each other."""
    if layer is not None and (upto is not None or changes):
        raise UsageError("--layer shows the changes of one layer: expected it without --upto and --changes")
    top = path.strip("/")
    if layer is not None:
        return Question(top, check_layer(layer, read), layer)
    last = len(read.scans) - 1 if upto is None else check_layer(upto, read)
    if not changes:
        return Question(top, None, last)
    if last < 1:
        raise UsageError("--changes shows what layers above the lowest one changed: expected at least two layers")
    return Question(top, 1, last)


def _answer(question: Question, read: ReadImage, options: ListingOptions) -> Listing:
    if question.first is not None:
        return list_changes(read.tree, question.first, question.last, question.path, options=options)
    if question.last == len(read.scans) - 1:
        tree = read.tree
    else:
        tree = merge_layers([scan.index for scan in read.scans[: question.last + 1]])
    top = find_visible(question.path, tree, follow=True).path if question.path else ""
    return list_tree(tree, top, options=options)


def _count_levels(depth: int | None, question: Question) -> int | None:
    """The depth of a listing: the root itself is not listed, any other path is its first level."""
    return None if depth is None else depth - (not question.path)


def _fit(listing: Listing, question: Question, read: ReadImage, options: ListingOptions, console: Console) -> Listing:
    """The listing as deep as is comfortable to read, said so where that is not all of it."""
    depth = find_comfortable_depth(listing.rows)
    if depth is None:
        return listing
    shown = depth + (not question.path)
    console.say(f"shown to --depth {shown} of {max(row.depth for row in listing.rows) + (not question.path)}")
    return _answer(question, read, replace(options, depth=depth))


def find_comfortable_depth(rows: Sequence[Row]) -> int | None:
    """The deepest level down to which there are few enough rows; None where that is all of them."""
    if len(rows) <= COMFORTABLE_ROWS:
        return None
    counts = Counter(row.depth for row in rows)
    sums = list(accumulate(counts[depth] for depth in range(max(counts) + 1)))
    return max((depth for depth, rows_so_far in enumerate(sums) if rows_so_far <= COMFORTABLE_ROWS), default=0)


def _tell_title(question: Question, read: ReadImage) -> str:
    image = tell_reference(read.image.reference)
    where = f" in /{question.path}" if question.path else ""
    if question.first is None:
        upto = f" after layer {question.last}" if question.last < len(read.scans) - 1 else ""
        return f"{image}{upto}{where}"
    if question.first == question.last:
        return f"{image}: changes of layer {question.last}{where}"
    return f"{image}: changes of layers {question.first} to {question.last}{where}"
