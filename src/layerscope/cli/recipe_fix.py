"""`layerscope fix IMAGE --recipe FORM`: how the image is to be run, as text of an engine, each line with its reason."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

import click

from layerscope.audit.options import AuditOptions
from layerscope.audit.probed import add_probe
from layerscope.audit.recipe.build import derive_recipe
from layerscope.audit.result import AuditResult
from layerscope.cli import exit_codes
from layerscope.cli.console import Console
from layerscope.cli.image_probe import NO_PROBE, Probing, probe_image, with_probing
from layerscope.cli.layer_options import Surgery
from layerscope.cli.options import Function
from layerscope.cli.outputs import Output, Renderer, deliver
from layerscope.cli.probe_elsewhere import check_log, read_probe
from layerscope.errors import UsageError
from layerscope.image.reference import Reference
from layerscope.probe.probed import Probed
from layerscope.recipe.forms import FORMS
from layerscope.report.places import find_engine_name
from layerscope.report.recipe_view import render_recipe_json, render_recipe_markdown


@dataclass(frozen=True)
class RecipeChoice:
    """What recipe is asked for, and what it may rest on: the raw values of the options."""

    recipe: str | None
    probe: bool
    read_file: str | None
    nonce: str
    probing: Probing = NO_PROBE

    def check(self, surgery: Surgery, *, plans: bool) -> None:
        """Raise UsageError for options that contradict each other; others may be of an image to make, or of a plan."""
        if self.recipe is None:
            if self.read_file or self.nonce:
                raise UsageError("--read and --nonce: expected --recipe with them")
            if self.probe and not surgery.applies:
                raise UsageError("--probe: expected --recipe or --apply with it")
            if not self.probe and self.probing != NO_PROBE:
                raise UsageError("options on how a container is run: expected --probe beside them")
            return
        if surgery != Surgery() or plans:
            raise UsageError(
                "--recipe: expected no --apply, no Dockerfile, and no choice of fixes or changes beside it"
            )
        if self.probe and self.read_file:
            raise UsageError("--probe and --read: expected one of them")
        if not self.probe and not self.read_file and self.probing != NO_PROBE:
            raise UsageError("options on how a container is run: expected --probe beside them")
        if self.nonce and not self.read_file:
            raise UsageError("--nonce: expected it with --read")
        if self.read_file:
            check_log(self.read_file)


_OPTIONS: Final = (
    click.option("--recipe", type=click.Choice(tuple(FORMS)), help="Print how the image is to be run, and why so."),
    click.option(
        "--probe", is_flag=True, help="Run the image: with --recipe to measure its start, with --apply to prove."
    ),
    click.option("--read", "read_file", metavar="FILE", help="With --recipe: take what the log of a probe measured."),
    click.option("--nonce", default="", metavar="WORD", help="The word of the records that --read takes."),
)


def with_recipe(function: Function) -> Function:
    """Add the options, and pass them as `wanted`."""
    names = [item.name for item in fields(RecipeChoice)]

    @with_probing
    @functools.wraps(function)
    def command(*arguments: object, **options: Any) -> int:
        options["wanted"] = RecipeChoice(**{name: options.pop(name) for name in names})
        return function(*arguments, **options)

    decorated: Function = command
    for decorate in reversed(_OPTIONS):
        decorated = decorate(decorated)
    return decorated


def deliver_recipe(
    image: str,
    result: AuditResult,
    wanted: RecipeChoice,
    outputs: Sequence[Output],
    *,
    options: AuditOptions,
    console: Console,
) -> int:
    """Tell how the image is to be run; raises ProbeError where it cannot be probed."""
    form = wanted.recipe
    assert form is not None, "it was asked for"
    probed = _find_probe(image, result, wanted, options=options, console=console)
    if probed is not None:
        result = add_probe(result, probed, options.policies)
    name = _find_name(result)
    recipe = derive_recipe(result, options.policies, probed, name=name)
    renderers: dict[str, Renderer] = {
        "terminal": lambda _: FORMS[form](name, recipe),
        "json": lambda _: render_recipe_json(result, name, recipe),
        "markdown": lambda _: render_recipe_markdown(name, form, recipe),
    }
    deliver(outputs, renderers, context=console.render_context(), console=console)
    return exit_codes.CLEAN if result.is_intact else exit_codes.MALFORMED


def _find_name(result: AuditResult) -> str:
    """The name by which engines have the image, as short as they take it; empty for one that lies in a file."""
    name = find_engine_name(result.image)
    return Reference.parse(name).familiar if name else ""


def _find_probe(
    image: str, result: AuditResult, wanted: RecipeChoice, *, options: AuditOptions, console: Console
) -> Probed | None:
    """The probe that is made now, or that a log tells of."""
    if wanted.read_file:
        about, seen = read_probe(wanted.read_file, wanted.nonce)
        if about != _find_name(result):
            console.say(
                f"{Path(wanted.read_file).name} is the log of a probe of {about}: its times are taken for {image}"
            )
        return wanted.probing.judge(seen)
    if not wanted.probe:
        return None
    return probe_image(image, wanted.probing, lambda _: result, policies=options.policies, console=console)[1]
