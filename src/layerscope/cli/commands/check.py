"""`layerscope check`: whether images keep to the project's policy, before they are pushed."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from layerscope.audit.options import AuditOptions
from layerscope.cli import exit_codes
from layerscope.cli.check_baseline import accept_findings, find_baseline
from layerscope.cli.check_images import Checking, Demand, list_images
from layerscope.cli.check_lines import find_lines, find_places, read_dockerfiles
from layerscope.cli.check_options import with_policy
from layerscope.cli.check_settings import collect_settings, list_options, naming
from layerscope.cli.command import Command
from layerscope.cli.console import Console
from layerscope.cli.git_commits import PUSHED, find_commits
from layerscope.cli.gpu_options import ask_about, tell_unknown_branches
from layerscope.cli.image_access import choose_opener, make_options, tell_cache_notes
from layerscope.cli.options import Reading, Telling, policy_dir_option, with_console, with_reading, with_telling
from layerscope.cli.outputs import CHECK_FORMATS, TEXT_AND_JSON, Renderer, deliver, parse_outputs
from layerscope.cli.pinned_check import find_folder, find_pinned, list_choices, list_policy_images
from layerscope.cli.progress import show_progress
from layerscope.errors import UsageError
from layerscope.gate.commit_names import KnownCommits
from layerscope.gate.image_choice import ImageChoice, choose_images
from layerscope.gate.outcome import make_outcome
from layerscope.gate.policy import Policy, check_against, check_references, make_policy
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
    State.SKIPPED: exit_codes.CLEAN,
}

_UNASKED = KnownCommits((), "settings are only shown", is_pushed=True)


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
    damaged, 5 the time did not suffice, or a layer could not be read.
    """
    settings = read_settings(Path.cwd())
    said = collect_settings(context, settings)
    policy = make_policy(said)
    chosen = () if by_dockerfiles else _choose(context, settings, is_shown=show_config)
    specialised = _specialise(chosen, policy, said)
    check_against(policy, [own for _, own in specialised], said["against"], list_policy_images(settings))
    place, known = find_baseline(said["baseline"], find_folder(settings), is_updated=update_baseline, console=console)
    if show_config:
        return _show(context, [*said.values(), *list_options(context, settings)], telling, console)
    outputs = parse_outputs(telling.output, formats=CHECK_FORMATS)
    named: tuple[str, ...] = context.params["images"]
    built = _choose_by_dockerfiles(named, settings, policy, console) if by_dockerfiles else None
    if built is not None:
        specialised = _specialise(built.choices, policy, said)
    demands = [(each, own) for choice, own in specialised for each in _spread(choice, own, reading, context)]
    choices = tuple(choice for choice, _ in demands)
    dockerfiles = read_dockerfiles(choices, console)
    options = make_options(reading, policy_dir=policy_dir)
    options = _ask(options, policy, said)
    tell_unknown_branches(options, console)
    checking = _make_checking(context, demands, options, reading, place.parent)
    with show_progress(console) as progress:
        verdicts = checking.check_all(demands, baseline=known, seconds=policy.time_limit, progress=progress)
    tell_cache_notes(options.cache, console)
    if update_baseline:
        known = accept_findings(place, known, verdicts, console)
        verdicts = tuple(verdict.accept(known) for verdict in verdicts)
    verdicts = verdicts if built is None else built.judge(verdicts, fails_unlisted=policy.fails_unlisted)
    is_whole = not named and not by_dockerfiles and not update_baseline
    outcome = make_outcome(policy, verdicts, known, today=checking.today, is_whole=is_whole)
    code = _CODES[outcome.worst]
    places = find_places(settings, said, choices, unlisted=built.unlisted if built is not None else ())
    report = GateReport(outcome, find_lines(choices, verdicts[: len(choices)], dockerfiles), places)
    context_of_page = replace(console.render_context(), limit=telling.limit or None, exit_code=code)
    deliver(outputs, _list_renderers(report), context=context_of_page, console=console)
    return code


def _ask(options: AuditOptions, policy: Policy, said: Mapping[str, Setting]) -> AuditOptions:
    """With what is asked about GPUs; raises SettingsError for what no table knows."""
    fleet = Path(policy.fleet) if policy.fleet else None
    with naming(said["gpus"]):
        ask_about(options, gpus=policy.gpus, driver=None, fleet=None)
    with naming(said["driver"]):
        ask_about(options, gpus=(), driver=policy.driver, fleet=None)
    with naming(said["fleet"]):
        return replace(options, **ask_about(options, gpus=policy.gpus, driver=policy.driver, fleet=fleet))


def _make_checking(
    context: click.Context, demands: Sequence[Demand], options: AuditOptions, reading: Reading, folder: Path
) -> Checking:
    """What checks these images, each read from what it is pinned to; `folder` is that of the baseline."""
    pinned = find_pinned(context)
    opener = choose_opener([pinned.get(place, place) for place in list_images(demands)], reading)
    return Checking(
        lambda place: opener(pinned.get(place, place)),
        options,
        today=datetime.now().astimezone().date(),
        folder=folder,
        is_push=PUSHED in context.meta,
    )


def _list_renderers(report: GateReport) -> dict[str, Renderer]:
    return {name: partial(_render, name, report) for name in CHECK_RENDERERS}


def _specialise(choices: Sequence[ImageChoice], policy: Policy, said: Mapping[str, Setting]) -> list[Demand]:
    """Each image with what is demanded of it; raises SettingsError for what can find nothing."""
    specialised = [(choice, policy.specialise(choice)) for choice in choices]
    for choice, own in specialised:
        check_references(own, said, choice)
    return specialised


def _choose_by_dockerfiles(
    named: Sequence[str], settings: Settings, policy: Policy, console: Console
) -> "ListedDockerfiles":
    """The images that are built from these Dockerfiles; what is built from none is said."""
    from layerscope.cli.check_dockerfiles import choose_by_dockerfiles  # what reads Dockerfiles takes 0.2 s to import

    listed = list_choices(settings)
    built = choose_by_dockerfiles(listed, named, find_folder(settings))
    if not policy.fails_unlisted:
        built.tell_unlisted(console)
    return built


def _choose(context: click.Context, settings: Settings, *, is_shown: bool) -> tuple[ImageChoice, ...]:
    """The images that are checked; raises UsageError where nobody names one, unless settings are only shown."""
    pushed: KnownCommits | None = context.meta.get(PUSHED)
    choices = choose_images(
        list_policy_images(settings),
        named=context.params["images"],
        folder=find_folder(settings),
        environment=os.environ,
        name_commits=lambda: pushed or (_UNASKED if is_shown else find_commits(os.environ)),
    )
    if is_shown:
        return choices
    if not choices:
        raise UsageError(_tell_no_image(settings))
    if pushed is None and all(choice.left_out for choice in choices):
        raise UsageError(f"no image to check: {choices[0].name}: {choices[0].left_out}")
    return choices


def _tell_no_image(settings: Settings) -> str:
    """That no image is known, and where one was looked for."""
    where = settings.path or f"{OWN_FILE}, of which there is none in {Path.cwd()}"
    return f"no image to check: name one, or list them under [check] as images ({where})"


def _render(name: str, report: GateReport, context: RenderContext) -> str:
    """The report in a format, which is imported when it is asked for."""
    return CHECK_RENDERERS[name]()(report, context)


def _spread(choice: ImageChoice, policy: Policy, reading: Reading, context: click.Context) -> tuple[ImageChoice, ...]:
    """The image for each platform that is to be checked: for one alone where --platform asks for that."""
    source = context.get_parameter_source("platform")
    if reading.platform is not None and source is not ParameterSource.DEFAULT_MAP:
        return (replace(choice, platform=None),)
    return policy.spread(choice)


def _show(context: click.Context, said: Sequence[Setting], telling: Telling, console: Console) -> int:
    """Print the settings; what the settings file has reports written to is for reports alone."""
    from layerscope.report.gate.configuration import render_settings_json, render_settings_text

    is_asked = context.get_parameter_source("output") is not ParameterSource.DEFAULT_MAP
    outputs = parse_outputs(telling.output if is_asked else (), formats=TEXT_AND_JSON)
    renderers = {"terminal": partial(render_settings_text, said), "json": partial(render_settings_json, said)}
    deliver(outputs, renderers, context=console.render_context(), console=console)
    return exit_codes.CLEAN
