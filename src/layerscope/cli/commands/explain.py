"""`layerscope explain`: what an error message means, where to look, and what an image shows of it."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from layerscope.audit.options import AuditOptions
from layerscope.audit.pipeline import audit_image
from layerscope.audit.result import AuditResult
from layerscope.cli import exit_codes
from layerscope.cli.command import Command
from layerscope.cli.console import Console
from layerscope.cli.gpu_options import ask_about, with_gpu_options
from layerscope.cli.image_access import choose_source, make_options, tell_cache_notes
from layerscope.cli.options import Reading, output_option, policy_dir_option, with_console, with_reading
from layerscope.cli.outputs import TEXT_AND_JSON, Renderer, deliver, parse_outputs
from layerscope.cli.pasted_text import STANDARD_INPUT, read_pasted
from layerscope.cli.progress import show_progress
from layerscope.errors import UsageError
from layerscope.policies.error_search import clean_text, find_explanations, suggest_errors
from layerscope.policies.explanation import Explanation
from layerscope.policies.gpu_names import parse_capability
from layerscope.policies.policies import Policies
from layerscope.report.explain_json import render_explanations_json
from layerscope.report.explain_view import render_explanations_text, render_suggestions_text
from layerscope.rules.wording import tell_size


@click.command("explain", cls=Command)
@click.argument("text", metavar="TEXT", required=False)
@click.argument("image", metavar="[IMAGE]", required=False)
@click.option(
    "--file", "path", type=click.Path(dir_okay=False, path_type=Path), metavar="PATH", help="Read the text from a file."
)
@with_gpu_options
@policy_dir_option
@with_reading
@output_option
@with_console
def command(
    text: str | None,
    image: str | None,
    *,
    path: Path | None,
    gpus: tuple[str, ...],
    driver: str | None,
    fleet: Path | None,
    policy_dir: Path | None,
    reading: Reading,
    output: tuple[str, ...],
    console: Console,
) -> int:
    """Tell what an error message means and what to do.

    TEXT is a message, a whole traceback or log (- for standard input), a code such as "CUDA error 803", or the id of
    an error. With IMAGE, the image is audited, and what it shows of the error is told, for the GPU that the message
    or --gpu names. Exit codes: 0 the error is
    known, 1 it is not, 4 the image is damaged.
    """
    outputs = parse_outputs(output, formats=TEXT_AND_JSON)
    text, image = _sort_arguments(text, image, path, reading)
    pasted = read_pasted(text, path)
    if pasted.left_out:
        console.say(f"layerscope: the text is long: {tell_size(pasted.left_out)} in its middle are not looked at")
    known = Policies(policy_dir).errors
    cleaned = clean_text(pasted.text)
    found = find_explanations(known, cleaned)
    suggestions = () if found else suggest_errors(known, cleaned)
    result = None
    if image is not None and found:
        options = make_options(reading, policy_dir=policy_dir)
        wanted = gpus or _find_gpus(found, options.policies)
        options = replace(options, **ask_about(options, gpus=wanted, driver=driver, fleet=fleet))
        result = _audit(image, reading, options, console)
    hint = "" if found else _find_hint(text, image)
    renderers: dict[str, Renderer] = {
        "terminal": lambda context: (
            render_explanations_text(found, context, result=result)
            if found
            else render_suggestions_text(suggestions, context, hint=hint)
        ),
        "json": lambda _: render_explanations_json(found, suggestions, result=result),
    }
    deliver(outputs, renderers, context=console.render_context(), console=console)
    if result is not None and not result.is_intact:
        return exit_codes.MALFORMED
    return exit_codes.CLEAN if found else exit_codes.FINDINGS


def _sort_arguments(
    text: str | None, image: str | None, path: Path | None, reading: Reading
) -> tuple[str | None, str | None]:
    """Text and image; with a file, the one argument is the image."""
    if path is not None:
        if image is not None:
            raise UsageError("explaining an error: expected TEXT or --file, not both")
        return None, text
    if text is None:
        raise UsageError("explaining an error: expected TEXT, - for standard input, or --file PATH")
    if text == STANDARD_INPUT and (image == STANDARD_INPUT or reading.password_stdin):
        raise UsageError("explaining an error: standard input can be one thing only, the text or something else")
    return text, image


def _audit(image: str, reading: Reading, options: AuditOptions, console: Console) -> AuditResult:
    source = choose_source(image, reading)
    with show_progress(console) as progress:
        result = audit_image(source, options=options, progress=progress)
    tell_cache_notes(options.cache, console)
    return result


def _find_gpus(found: Sequence[Explanation], policies: Policies) -> tuple[str, ...]:
    """The compute capabilities that messages name, where the tables know them: the image is judged for these."""
    named = dict.fromkeys(f"sm_{value}" for each in found if (value := each.values.get("sm")))
    known = policies.gpu_arch.capabilities
    return tuple(name for name in named if parse_capability(name) in known)


def _find_hint(text: str | None, image: str | None) -> str:
    """What else may have been meant."""
    if text is not None and "\n" not in text and len(text) < 1000 and Path(text).is_file():  # noqa: PLR2004 - a path
        return "it names a file; --file reads the text from there"
    return "the image was not looked at" if image is not None else ""
