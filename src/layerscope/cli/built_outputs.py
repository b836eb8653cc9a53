"""What came of a build, in each format; and of an image that has its name already, where that cannot be told."""

from collections.abc import Callable, Mapping, Sequence

from layerscope.audit.built import Built
from layerscope.audit.failed_build import FailedBuild
from layerscope.cli.console import Console
from layerscope.cli.outputs import Output, Renderer, deliver
from layerscope.errors import UsageError
from layerscope.report.built_markdown import render_built_markdown, render_failed_markdown
from layerscope.report.built_view import render_built_json, render_built_text
from layerscope.report.failed_build_view import render_failed_json, render_failed_text, tell_output, tell_place


def deliver_built(
    done: Built | FailedBuild, outputs: Sequence[Output], console: Console, *, finish: Callable[[], None]
) -> None:
    """Tell what was built, or where it broke, and finish; raises UsageError where it cannot be told.

    An image that has its name keeps it then, and the work is finished all the same.
    """
    is_shown = any(output.format == "terminal" and output.path is None for output in outputs)
    if isinstance(done, FailedBuild) and not is_shown:
        for line in (tell_place(done), *(tell_output(done) if console.quiet else ())):
            console.complain(line)
    where = done.destination if isinstance(done, Built) and done.is_proved else ""
    try:
        deliver_made(where, outputs, _list_renderers(done), console)
    finally:
        finish()


def deliver_made(where: str, outputs: Sequence[Output], renderers: Mapping[str, Renderer], console: Console) -> None:
    """Tell of an image, which is `where` it was to be unless that is empty; raises UsageError that says so."""
    try:
        deliver(outputs, renderers, context=console.render_context(), console=console)
    except UsageError as error:
        if not where:
            raise
        raise UsageError(f"{error}; {where} is the new image all the same") from error


def _list_renderers(done: Built | FailedBuild) -> dict[str, Renderer]:
    """What was made in each format."""
    if isinstance(done, FailedBuild):
        return {
            "terminal": lambda context: render_failed_text(done, context),
            "json": lambda _: render_failed_json(done),
            "markdown": lambda _: render_failed_markdown(done),
        }
    return {
        "terminal": lambda context: render_built_text(done, context),
        "json": lambda _: render_built_json(done),
        "markdown": lambda _: render_built_markdown(done),
    }
