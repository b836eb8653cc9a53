"""`layerscope facts`: what the image contains, by family, without an opinion on it."""

from dataclasses import replace
from pathlib import Path

import click

from layerscope.audit.ignore_base import ignore_base as leave_out_base
from layerscope.audit.pipeline import audit_image
from layerscope.cli import exit_codes
from layerscope.cli.command import Command
from layerscope.cli.console import Console
from layerscope.cli.gpu_options import ask_about, tell_unknown_branches, with_gpu_options
from layerscope.cli.image_access import choose_sources, make_options, tell_cache_notes
from layerscope.cli.options import (
    Reading,
    Telling,
    base_option,
    ignore_base_option,
    image_argument,
    policy_dir_option,
    with_console,
    with_reading,
    with_telling,
)
from layerscope.cli.outputs import TEXT_AND_JSON, Renderer, deliver, parse_outputs
from layerscope.cli.progress import show_progress
from layerscope.report.facts_json import FAMILIES
from layerscope.report.facts_view import render_facts_json, render_facts_text


@click.command("facts", cls=Command)
@image_argument
@click.option("--only", "families", type=click.Choice(FAMILIES), multiple=True, help="Only this family; repeatable.")
@base_option
@ignore_base_option
@with_gpu_options
@policy_dir_option
@with_reading
@with_telling
@with_console
def command(
    image: str,
    *,
    families: tuple[str, ...],
    base: str | None,
    ignore_base: bool,
    gpus: tuple[str, ...],
    driver: str | None,
    fleet: Path | None,
    policy_dir: Path | None,
    reading: Reading,
    telling: Telling,
    console: Console,
) -> int:
    """Show what the image contains: system, ELF, Python, CUDA.

    Each fact with the layer that brought it and where it lies. What could not be read is listed as not known. The exit
    code is 4 where the image is damaged.
    """
    outputs = parse_outputs(telling.output, formats=TEXT_AND_JSON)
    source, below = choose_sources(image, base, reading)
    options = make_options(reading, base=below, policy_dir=policy_dir)
    options = replace(options, **ask_about(options, gpus=gpus, driver=driver, fleet=fleet))
    tell_unknown_branches(options, console)
    with show_progress(console) as progress:
        result = audit_image(source, options=options, progress=progress)
    tell_cache_notes(options.cache, console)
    if ignore_base:
        result = leave_out_base(result)
    chosen = families or FAMILIES
    renderers: dict[str, Renderer] = {
        "terminal": lambda context: render_facts_text(result, context, families=chosen, leaves_out_base=ignore_base),
        "json": lambda _: render_facts_json(result, families=chosen, leaves_out_base=ignore_base),
    }
    context = replace(console.render_context(), limit=telling.limit or None)
    deliver(outputs, renderers, context=context, console=console)
    return exit_codes.CLEAN if result.is_intact else exit_codes.MALFORMED
