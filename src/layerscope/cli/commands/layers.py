"""`layerscope layers`: every layer with its digests, sizes and instruction."""

import click

from layerscope.audit.judge import audit_layers
from layerscope.cli import exit_codes
from layerscope.cli.command import Command
from layerscope.cli.console import Console
from layerscope.cli.image_access import read
from layerscope.cli.options import Reading, image_argument, output_option, toc_option, with_console, with_reading
from layerscope.cli.outputs import TEXT_AND_JSON, Renderer, deliver, parse_outputs
from layerscope.filesystem.weight import measure_weight
from layerscope.report.layers_view import render_layers_json, render_layers_text
from layerscope.report.terminal.layer_mark import is_damaged


@click.command("layers", cls=Command)
@image_argument
@toc_option
@with_reading
@output_option
@with_console
def command(image: str, *, by_table: bool, reading: Reading, output: tuple[str, ...], console: Console) -> int:
    """List the layers with their digests and sizes.

    DiffID names the tar of a layer, digest the blob as stored, ChainID the layer with all that lie below it. Each layer
    that is not known yet is read and its digests are recomputed; the exit code is 4 where one does not match.
    """
    outputs = parse_outputs(output, formats=TEXT_AND_JSON)
    found = read(image, reading, console=console, by_table=by_table)
    layers = audit_layers(found)
    renderers: dict[str, Renderer] = {
        "terminal": lambda context: render_layers_text(found.image, layers, context),
        "json": lambda _: render_layers_json(found.image, layers, measure_weight(found.tree)),
    }
    deliver(outputs, renderers, context=console.render_context(), console=console)
    return exit_codes.MALFORMED if any(map(is_damaged, layers)) else exit_codes.CLEAN
