"""`layerscope inspect`: an image's digests, config and history, without reading its layers."""

import click

from layerscope.cli import exit_codes
from layerscope.cli.command import Command
from layerscope.cli.console import Console
from layerscope.cli.image_access import read_image_documents
from layerscope.cli.options import Reading, image_argument, output_option, with_console, with_reading
from layerscope.cli.outputs import TEXT_AND_JSON, Renderer, deliver, parse_outputs
from layerscope.image.history import pair_history
from layerscope.report.inspect_json import render_inspect_json
from layerscope.report.inspect_view import render_inspect_text


@click.command("inspect", cls=Command)
@image_argument
@with_reading
@output_option
@with_console
def command(image: str, *, reading: Reading, output: tuple[str, ...], console: Console) -> int:
    """Show config, digests and history.

    Only the documents are read: index, manifest and config digest are told apart, the history is listed as the
    Dockerfile it might have been, and credentials are shown as ***.
    """
    outputs = parse_outputs(output, formats=TEXT_AND_JSON)
    found = read_image_documents(image, reading, console=console)
    steps = pair_history(found.config, len(found.layers))
    beside = found.list_attached()
    if beside.trouble:
        console.complain(f"warning: not everything beside the image may be listed: {beside.trouble}")
    renderers: dict[str, Renderer] = {
        "terminal": lambda context: render_inspect_text(found, steps, context, attached=beside.found),
        "json": lambda _: render_inspect_json(found, steps, attached=beside.found),
    }
    deliver(outputs, renderers, context=console.render_context(), console=console)
    return exit_codes.CLEAN
