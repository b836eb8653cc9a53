"""`layerscope check`: whether images keep to the project's policy, before they are pushed."""

import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from layerscope.cli import exit_codes
from layerscope.cli.check_baseline import accept_findings, find_baseline
from layerscope.cli.check_images import Checking, list_images
from layerscope.cli.check_lines import find_lines
from layerscope.cli.check_options import with_policy
from layerscope.cli.check_settings import collect_settings, list_options
from layerscope.cli.command import Command
from layerscope.cli.console import Console
from layerscope.cli.gpu_options import ask_about, tell_unknown_branches
from layerscope.cli.image_access import choose_opener, make_options, tell_cache_notes
from layerscope.cli.options import Reading, Telling, policy_dir_option, with_console, with_reading, with_telling
from layerscope.cli.outputs import CHECK_FORMATS, TEXT_AND_JSON, deliver, parse_outputs
from layerscope.cli.pinned_check import find_folder, find_pinned, list_policy_images
from layerscope.cli.progress import show_progress
from layerscope.errors import UsageError
from layerscope.gate.image_choice import ImageChoice, choose_images
from layerscope.gate.outcome import make_outcome
from layerscope.gate.policy import Policy, check_references, make_policy
from layerscope.gate.setting import Setting
from layerscope.gate.verdict import State
from layerscope.report.context import RenderContext
from layerscope.report.gate.formats import CHECK_RENDERERS
from layerscope.report.gate.words import GateReport
from layerscope.settings import OWN_FILE, Settings, read_settings

if TYPE_CHECKING:
    from layerscope.cli.check_dockerfiles import ListedDockerfiles

_CODES = {
    State.DAMAGED: exit_codes.MALFORMED,
    State.ABSENT: exit_codes.SOURCE,
    State.UNFINISHED: exit_codes.UNFINISHED,
    State.BROKEN: exit_codes.FINDINGS,
    State.SOUND: exit_codes.CLEAN,
}


@click.command("check", cls=Command, formats=CHECK_FORMATS)
@click.argument("images", metavar="[IMAGE]...", nargs=-1)
@with_policy
@click.option(
    "--dockerfiles",
    "by_dockerfiles",
    is_flag=True,
    help="Take IMAGE for a Dockerfile: check what the policy builds of it, and whether that is what it builds now.",
)
@click.option("--update-baseline", is_flag=True, help="Write what is found now to the baseline, so that it passes.")
@click.option("--show-config", is_flag=True, help="Print every setting and where it comes from, and check nothing.")
@policy_dir_option
@with_reading
@with_telling
@with_console
@click.pass_context
def command(
    context: click.Context,
    /,
    *,
    by_dockerfiles: bool,
    update_baseline: bool,
    show_config: bool,
    policy_dir: Path | None,
    reading: Reading,
    telling: Telling,
    console: Console,
    **_policy: Any,
) -> int:
    """Check images against the project's policy, before a push.

    The policy is the table [check] of the settings file, IMAGE stands in for the images that it names. Exit codes: 0
    every image keeps to it, 1 one does not, 2 the policy makes no sense, 3 an image could not be had, 4 an image is
    damaged, 5 the time did not suffice.
    """
    settings = read_settings(Path.cwd())
    said = collect_settings(context, settings)
    policy = make_policy(said)
    if show_config:
        return _show([*said.values(), *list_options(context, settings)], telling, console)
    outputs = parse_outputs(telling.output, formats=CHECK_FORMATS)
    named: tuple[str, ...] = context.params["images"]
    built = _choose_by_dockerfiles(named, settings, policy, console) if by_dockerfiles else None
    choices = _choose(named, settings) if built is None else built.choices
    is_unlisted = built is not None and bool(built.unlisted) and policy.fails_unlisted
    policies = {choice.name: policy.specialise(choice) for choice in choices}
    for choice in choices:
        check_references(policies[choice.name], said, choice)
    place, known = find_baseline(said["baseline"], find_folder(settings), is_updated=update_baseline)
    options = make_options(reading, policy_dir=policy_dir)
    fleet = Path(policy.fleet) if policy.fleet else None
    options = replace(options, **ask_about(options, gpus=policy.gpus, driver=policy.driver, fleet=fleet))
    tell_unknown_branches(options, console)
    pinned = find_pinned(context)
    opener = choose_opener([pinned.get(name, name) for name in list_images(policies)], reading)
    checking = Checking(lambda name: opener(pinned.get(name, name)), options, today=datetime.now().astimezone().date())
    with show_progress(console) as progress:
        verdicts = checking.check_all(policies, baseline=known, seconds=policy.time_limit, progress=progress)
    tell_cache_notes(options.cache, console)
    if update_baseline:
        known = accept_findings(place, known, verdicts, console)
        verdicts = tuple(verdict.accept(known) for verdict in verdicts)
    verdicts = verdicts if built is None else built.judge(verdicts)
    is_whole = not named and not by_dockerfiles and not update_baseline
    outcome = make_outcome(policy, verdicts, known, today=checking.today, is_whole=is_whole)
    code = _CODES[outcome.worst] or (exit_codes.FINDINGS if is_unlisted else exit_codes.CLEAN)
    report = GateReport(outcome, find_lines(choices, verdicts, console))
    context_of_page = replace(console.render_context(), limit=telling.limit or None, exit_code=code)
    renderers = {name: partial(_render, name, report) for name in CHECK_RENDERERS}
    deliver(outputs, renderers, context=context_of_page, console=console)
    return code


def _choose_by_dockerfiles(
    named: Sequence[str], settings: Settings, policy: Policy, console: Console
) -> "ListedDockerfiles":
    """The images that are built from these Dockerfiles; what is built from none is said."""
    from layerscope.cli.check_dockerfiles import choose_by_dockerfiles  # what reads Dockerfiles takes 0.2 s to import

    listed = choose_images(list_policy_images(settings), named=(), folder=find_folder(settings), environment=os.environ)
    built = choose_by_dockerfiles(listed, named)
    built.tell_unlisted(console, is_failure=policy.fails_unlisted)
    return built


def _choose(named: Sequence[str], settings: Settings) -> tuple[ImageChoice, ...]:
    """The images that are checked; raises UsageError where nobody names one."""
    choices = choose_images(
        list_policy_images(settings), named=named, folder=find_folder(settings), environment=os.environ
    )
    if not choices:
        raise UsageError(_tell_no_image(settings))
    return choices


def _tell_no_image(settings: Settings) -> str:
    """That no image is known, and where one was looked for."""
    where = settings.path or f"{OWN_FILE}, of which there is none in {Path.cwd()}"
    return f"no image to check: name one, or list them under [check] as images ({where})"


def _render(name: str, report: GateReport, context: RenderContext) -> str:
    """The report in a format, which is imported when it is asked for."""
    return CHECK_RENDERERS[name]()(report, context)


def _show(said: Sequence[Setting], telling: Telling, console: Console) -> int:
    """Print the settings."""
    from layerscope.report.gate.configuration import render_settings_json, render_settings_text

    outputs = parse_outputs(telling.output, formats=TEXT_AND_JSON)
    renderers = {"terminal": partial(render_settings_text, said), "json": partial(render_settings_json, said)}
    deliver(outputs, renderers, context=console.render_context(), console=console)
    return exit_codes.CLEAN
