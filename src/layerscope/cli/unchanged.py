"""What is said where a fix has nothing to do."""

from collections.abc import Sequence

from layerscope.audit.result import AuditResult
from layerscope.cli import exit_codes
from layerscope.cli.console import Console
from layerscope.cli.outputs import Output, deliver
from layerscope.report.unchanged_view import render_unchanged_json, render_unchanged_markdown, render_unchanged_text


def deliver_unchanged(result: AuditResult, reason: str, outputs: Sequence[Output], console: Console) -> int:
    """Say in each format why there is no new image; that is no failure."""
    renderers = {
        "terminal": lambda _: render_unchanged_text(reason),
        "json": lambda _: render_unchanged_json(result, reason),
        "markdown": lambda _: render_unchanged_markdown(result, reason),
    }
    deliver(outputs, renderers, context=console.render_context(), console=console)
    return exit_codes.CLEAN
