"""`layerscope explain`: what an error message means, where to look, and what an image shows of it."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from layerscope.cli import exit_codes
from layerscope.cli.command import Command
from layerscope.cli.console import Console
from layerscope.cli.gpu_options import with_gpu_options
from layerscope.cli.options import Reading, output_option, policy_dir_option, with_console, with_reading
from layerscope.cli.outputs import TEXT_AND_JSON, Renderer, deliver, parse_outputs
from layerscope.cli.pasted_text import STANDARD_INPUT, read_pasted
from layerscope.errors import UsageError
from layerscope.policies.error_search import clean_text, find_explanations, suggest_errors
from layerscope.policies.policies import Policies
from layerscope.report.explain_view import render_explanations_text, render_suggestions_text
from layerscope.rules.wording import tell_size
from layerscope.sources.streams import is_standard_input

if TYPE_CHECKING:
    from layerscope.audit.result import AuditResult
    from layerscope.policies.errors import ErrorRow
    from layerscope.policies.explanation import Explanation


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
    policies = Policies(policy_dir)
    known = policies.errors
    cleaned = clean_text(pasted.text)
    if not cleaned.strip():
        raise UsageError("explaining an error: the text is empty, expected a message, a log or a code")
    if image is None:
        _refuse_targets()
    found = find_explanations(known, cleaned)
    suggestions = () if found else suggest_errors(known, cleaned)
    result = None
    if image is not None and found:
        from layerscope.cli.evidence_audit import Question, audit_for, fit_to_image  # an audit loads every rule

        question = Question(gpus, driver, fleet, policy_dir)
        result = audit_for(found, image, reading, question, console=console)
        found = fit_to_image(found, policies, result)
    hint = "" if found else _find_hint(text, image)
    renderers: dict[str, Renderer] = {
        "terminal": lambda context: (
            render_explanations_text(found, context, result=result, policies=policies)
            if found
            else render_suggestions_text(suggestions, context, hint=hint)
        ),
        "json": lambda _: _render_json(found, suggestions, result, policies),
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
    if text == STANDARD_INPUT and (is_standard_input(image or "") or reading.password_stdin):
        raise UsageError("explaining an error: standard input can be one thing only, the text or something else")
    return text, image


def _refuse_targets() -> None:
    """Refuse questions about GPUs where there is no image that could be judged for them."""
    context = click.get_current_context()
    for name, told in (("gpus", "--gpu"), ("driver", "--driver"), ("fleet", "--fleet")):
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise UsageError(f"explaining an error: {told} is about an image, expected IMAGE after the text")


def _render_json(
    found: "Sequence[Explanation]",
    suggestions: "Sequence[ErrorRow]",
    result: "AuditResult | None",
    policies: Policies,
) -> str:
    from layerscope.report.explain_json import render_explanations_json

    return render_explanations_json(found, suggestions, result=result, policies=policies)


def _find_hint(text: str | None, image: str | None) -> str:
    """What else may have been meant."""
    if text is not None and "\n" not in text and len(text) < 1000 and Path(text).is_file():  # noqa: PLR2004 - a path
        return "it names a file; --file reads the text from there"
    return "the image was not looked at" if image is not None else ""
