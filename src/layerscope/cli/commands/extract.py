"""`layerscope extract`: files of the image on this host's disk, whatever the image holds."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from layerscope.audit.read_image import ReadImage
from layerscope.cli.command import Command
from layerscope.cli.console import Console
from layerscope.cli.image_access import read, tell_doubts
from layerscope.cli.options import Reading, Telling, image_argument, with_console, with_reading, with_telling
from layerscope.cli.outputs import TEXT_AND_JSON, Renderer, deliver, parse_outputs
from layerscope.cli.progress import show_progress
from layerscope.cli.tree_paths import check_layer, find_in_layer, find_visible, heeding_damage
from layerscope.errors import TreeError
from layerscope.filesystem.extraction import extract
from layerscope.filesystem.extraction_plan import ExtractionPlan, Links, Skipped, plan_extraction
from layerscope.filesystem.merge import isolate_layer
from layerscope.filesystem.tree import MergedTree
from layerscope.layers.content import ReadContents, iter_contents
from layerscope.layers.entry import EntryType
from layerscope.report.extraction_view import render_extraction_json, render_extraction_text
from layerscope.rules.wording import tell_count


@click.command("extract", cls=Command)
@image_argument
@click.argument("path")
@click.option(
    "-d",
    "--directory",
    "target",
    type=click.Path(),
    default=".",
    show_default=True,
    metavar="DIR",
    help="Where to: into DIR if it is there, else under that name; DIR/ makes a folder for a file.",
)
@click.option("--layer", type=click.IntRange(min=0), metavar="N", help="Only what layer N brings.")
@click.option("--follow", is_flag=True, help="Write what symlinks lead to, instead of the symlinks.")
@click.option("--overwrite", is_flag=True, help="Replace files that are there already.")
@with_reading
@with_telling
@with_console
def command(
    image: str,
    path: str,
    *,
    target: str,
    layer: int | None,
    follow: bool,
    overwrite: bool,
    reading: Reading,
    telling: Telling,
    console: Console,
) -> int:
    """Copy files out of the image, safely.

    Nothing is written outside DIR, no devices or pipes are made, set-user-ID bits are dropped, and what was left out is
    told on standard error.
    """
    outputs = parse_outputs(telling.output, formats=TEXT_AND_JSON)
    found = read(image, reading, console=console, random_access=True)
    code = tell_doubts(found, console)
    with heeding_damage(found):
        tree, top = _find_top(path, layer, found)
        plan = plan_extraction(tree, top, links=Links.FOLLOW if follow else Links.KEEP)
        _refuse_nothing(plan, tree)
    try:
        with show_progress(console) as progress:
            written = extract(
                plan,
                Path(target),
                _open_contents(found),
                overwrite=overwrite,
                into_folder=target.endswith("/"),
                progress=progress,
            )
    except KeyboardInterrupt:
        console.say(f"stopped: what was written to {target} so far stays there")
        raise
    _tell_skipped(written.skipped, telling.limit, console)
    renderers: dict[str, Renderer] = {
        "terminal": lambda _: render_extraction_text(written),
        "json": lambda _: render_extraction_json(written),
    }
    deliver(outputs, renderers, context=console.render_context(), console=console)
    return code


def _find_top(path: str, layer: int | None, read: ReadImage) -> tuple[MergedTree, str]:
    """The tree to copy from, that of one layer alone if one is named, and the path asked for; raises TreeError."""
    if layer is None:
        return read.tree, find_visible(path, read.tree, follow=False).path
    tree = isolate_layer([scan.index for scan in read.scans], check_layer(layer, read))
    node = tree.resolve(path, follow_last=False)
    return tree, node.path if node else find_in_layer(path, layer, read).path


def _refuse_nothing(plan: ExtractionPlan, tree: MergedTree) -> None:
    """Raise TreeError where the very path asked for is not written."""
    if plan.directories or plan.files or plan.links:
        return
    reasons = ", ".join(dict.fromkeys(item.reason for item in plan.skipped))
    node = tree.get(plan.path)
    hint = "; --follow writes what it leads to" if node and node.type is EntryType.SYMLINK else ""
    raise TreeError(f"extracting /{plan.path}: wrote nothing: {reasons}{hint}")


def _open_contents(read: ReadImage) -> ReadContents:
    """How the contents of files are had from the layers of an image."""

    def read_contents(layer: int, positions: Iterable[int]) -> Iterator[tuple[int, Iterator[bytes]]]:
        return iter_contents(read.image.layers[layer], read.scans[layer].index, positions)

    return read_contents


def _tell_skipped(skipped: tuple[Skipped, ...], limit: int, console: Console) -> None:
    shown = skipped[:limit] if limit else skipped
    for item in shown:
        console.say(f"left out /{item.path}: {item.reason}")
    if len(shown) < len(skipped):
        console.say(f"left out {tell_count(len(skipped) - len(shown), 'more path')} (--limit 0 names all)")
