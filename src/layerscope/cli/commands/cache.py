"""`layerscope cache`: how much the layer cache holds, what to drop, what is damaged."""

from pathlib import Path

import click

from layerscope.cli import exit_codes
from layerscope.cli.command import Command
from layerscope.cli.console import Console
from layerscope.cli.options import cache_dir_option, output_option, with_console
from layerscope.cli.outputs import TEXT_AND_JSON, Renderer, deliver, parse_outputs
from layerscope.cli.sizes import parse_size
from layerscope.layers import cache_usage
from layerscope.report.cache_view import (
    render_prune_json,
    render_prune_text,
    render_usage_json,
    render_usage_text,
    render_verify_json,
    render_verify_text,
)


@click.group("cache")
def command() -> None:
    """Measure, prune or verify the layer cache."""


@command.command("df", cls=Command)
@cache_dir_option
@output_option
@with_console
def df(*, cache_dir: Path | None, output: tuple[str, ...], console: Console) -> int:
    """Say how much the cache holds, and where it is."""
    outputs = parse_outputs(output, formats=TEXT_AND_JSON)
    found = cache_usage.usage(cache_dir or cache_usage.default_cache_dir())
    renderers: dict[str, Renderer] = {
        "terminal": lambda context: render_usage_text(found, context),
        "json": lambda _: render_usage_json(found),
    }
    deliver(outputs, renderers, context=console.render_context(), console=console)
    return exit_codes.CLEAN


@command.command("prune", cls=Command, short_help="Remove what was not used for the longest time.")
@click.option("--max-size", type=parse_size, default="0", metavar="SIZE", help="Keep this much of what was used last.")
@cache_dir_option
@output_option
@with_console
def prune(*, max_size: int, cache_dir: Path | None, output: tuple[str, ...], console: Console) -> int:
    """Remove what was not used for the longest time; without --max-size, everything."""
    outputs = parse_outputs(output, formats=TEXT_AND_JSON)
    found = cache_usage.prune(cache_dir or cache_usage.default_cache_dir(), max_bytes=max_size)
    renderers: dict[str, Renderer] = {
        "terminal": lambda _: render_prune_text(found),
        "json": lambda _: render_prune_json(found),
    }
    deliver(outputs, renderers, context=console.render_context(), console=console)
    return exit_codes.CLEAN


@command.command("verify", cls=Command, short_help="Read every entry, and remove those that are damaged.")
@cache_dir_option
@output_option
@with_console
def verify(*, cache_dir: Path | None, output: tuple[str, ...], console: Console) -> int:
    """Read every entry, and remove those that are damaged; the exit code is 1 where there were any."""
    outputs = parse_outputs(output, formats=TEXT_AND_JSON)
    found = cache_usage.verify(cache_dir or cache_usage.default_cache_dir())
    renderers: dict[str, Renderer] = {
        "terminal": lambda _: render_verify_text(found),
        "json": lambda _: render_verify_json(found),
    }
    deliver(outputs, renderers, context=console.render_context(), console=console)
    return exit_codes.FINDINGS if found.damaged else exit_codes.CLEAN
