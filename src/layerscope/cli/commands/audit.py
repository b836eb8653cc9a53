"""`layerscope audit`: everything that can be known about an image without running it."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from layerscope.audit.ignore_base import ignore_base as leave_out_base
from layerscope.audit.pipeline import audit_image
from layerscope.audit.probed import add_probe
from layerscope.audit.result import AuditResult
from layerscope.cli import exit_codes
from layerscope.cli.command import Command
from layerscope.cli.console import Console
from layerscope.cli.gpu_options import ask_about, tell_unknown_branches, with_gpu_options
from layerscope.cli.image_access import choose_sources, make_options, tell_cache_notes
from layerscope.cli.image_probe import NO_PROBE, Probing, probe_image, with_probing
from layerscope.cli.options import (
    Reading,
    Telling,
    base_option,
    fail_on_option,
    ignore_base_option,
    image_argument,
    policy_dir_option,
    with_console,
    with_reading,
    with_telling,
)
from layerscope.cli.outputs import AUDIT_FORMATS, deliver, parse_outputs
from layerscope.cli.progress import show_progress
from layerscope.errors import ProbeError, UsageError
from layerscope.policies.policies import Policies
from layerscope.probe.probed import Probed
from layerscope.report.registry import FORMATS
from layerscope.rules.severity import Severity

if TYPE_CHECKING:
    from layerscope.report.instruction_lines import InstructionLines

_NEVER = "never"


@click.command("audit", cls=Command, formats=AUDIT_FORMATS)
@image_argument
@fail_on_option
@base_option
@ignore_base_option
@with_gpu_options
@policy_dir_option
@click.option(
    "--dockerfile",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The Dockerfile that IMAGE was built from: sarif, github, gitlab and junit name its lines.",
)
@click.option("--target", default="", metavar="STAGE", help="Its stage that was built; default: the last.")
@click.option("--probe", is_flag=True, help="Run the image, too, and make it generate; see layerscope probe.")
@with_probing
@with_reading
@with_telling
@with_console
def command(
    image: str,
    *,
    fail_on: str,
    base: str | None,
    ignore_base: bool,
    gpus: tuple[str, ...],
    driver: str | None,
    fleet: Path | None,
    policy_dir: Path | None,
    dockerfile: Path | None,
    target: str,
    probe: bool,
    probing: Probing,
    reading: Reading,
    telling: Telling,
    console: Console,
) -> int:
    """Prove an image intact, weigh it, and say what to change.

    Every layer is read once: its digests are recomputed, its files listed and hashed. What that proves is kept, so that
    no layer is read twice. Exit codes: 0 nothing at or above --fail-on, 1 findings, 4 the image is damaged, 5 a --probe
    could not run or proved nothing.
    """
    outputs = parse_outputs(telling.output, formats=AUDIT_FORMATS)
    formats = {output.format: FORMATS[output.format]() for output in outputs}
    find_lines = _prepare_lines(dockerfile, target, console)
    if not probe and probing != NO_PROBE:
        raise UsageError("options on how a container is run: expected --probe beside them")
    threshold = None if fail_on == _NEVER else Severity[fail_on.upper()]
    source, below = choose_sources(image, base, reading)
    options = make_options(reading, base=below, policy_dir=policy_dir)
    options = replace(options, **ask_about(options, gpus=gpus, driver=driver, fleet=fleet))
    tell_unknown_branches(options, console)
    with show_progress(console) as progress:
        result = audit_image(source, options=options, progress=progress)
    tell_cache_notes(options.cache, console)
    if ignore_base:
        result = leave_out_base(result)
    if probe:
        result = _probe(image, result, probing, policies=options.policies, console=console)
    code = find_exit_code(result, fail_on=threshold)
    context = replace(console.render_context(), limit=telling.limit or None, fail_on=threshold, exit_code=code)
    context = replace(context, source=find_lines(result))
    renderers = {name: partial(made.render, result) for name, made in formats.items()}
    deliver(outputs, renderers, context=context, console=console)
    return code


def _prepare_lines(
    dockerfile: Path | None, target: str, console: Console
) -> Callable[[AuditResult], "InstructionLines | None"]:
    """Read the Dockerfile, if one is named, so that what is wrong with it is told before the image is read."""
    if dockerfile is None and not target:
        return lambda _: None
    from layerscope.cli.dockerfile_source import DockerfileSource  # what edits Dockerfiles takes 0.4 s to import

    return DockerfileSource.read(dockerfile, target, console).find_lines


def _probe(image: str, result: AuditResult, probing: Probing, *, policies: Policies, console: Console) -> AuditResult:
    """The audit with the image's probe; one that could not run says why, and takes nothing from the audit."""
    try:
        _, probed = probe_image(image, probing, lambda _: result, policies=policies, console=console)
    except ProbeError as error:
        console.complain(str(error), error=error)
        probed = Probed(refusal=str(error), requires_gpu=probing.require_gpu)
    return add_probe(result, probed, policies)


def find_exit_code(result: AuditResult, *, fail_on: Severity | None) -> int:
    """The exit code of a finished audit; a damaged image, then a probe that proves nothing, whatever the threshold."""
    if not result.is_intact:
        return exit_codes.MALFORMED
    if result.probed is not None and not result.probed.is_proof:
        return exit_codes.PROBE
    if fail_on is not None and any(finding.severity >= fail_on for finding in result.findings):
        return exit_codes.FINDINGS
    return exit_codes.CLEAN
