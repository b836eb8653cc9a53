"""`layerscope fix`: what to change, in order, so that an image audits clean."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

import click

from layerscope.audit.applied import Applied
from layerscope.audit.ignore_base import ignore_base as leave_out_base
from layerscope.audit.options import AuditOptions
from layerscope.audit.pipeline import audit_image
from layerscope.audit.result import AuditResult
from layerscope.cli import exit_codes
from layerscope.cli.build_fix import BuildChoice, apply_build, open_rebuild, with_build
from layerscope.cli.built_outputs import deliver_made
from layerscope.cli.command import Command
from layerscope.cli.console import Console
from layerscope.cli.dockerfile_fix import (
    DockerfileChoice,
    OpenedDockerfile,
    open_dockerfile,
    print_reconstruction,
    propose_changes,
    with_dockerfile,
    write_chosen,
)
from layerscope.cli.gpu_options import ask_about, tell_unknown_branches, with_gpu_options
from layerscope.cli.image_access import (
    choose_credential,
    choose_sources,
    make_options,
    read_only_credential,
    refuse_container,
    tell_cache_notes,
)
from layerscope.cli.layer_fix import apply_layers, open_destination
from layerscope.cli.layer_options import Surgery, with_surgery
from layerscope.cli.options import (
    Reading,
    base_option,
    ignore_base_option,
    image_argument,
    output_option,
    policy_dir_option,
    with_console,
    with_reading,
)
from layerscope.cli.outputs import PLAN_FORMATS, Output, Renderer, deliver, parse_outputs
from layerscope.cli.progress import show_progress
from layerscope.cli.proof_probe import check_engine, open_proof
from layerscope.cli.recipe_fix import RecipeChoice, deliver_recipe, with_recipe
from layerscope.cli.unchanged import deliver_unchanged
from layerscope.errors import UsageError
from layerscope.fixes.destinations.destination import Destination
from layerscope.fixes.dockerfile.proposal import DockerfileProposal
from layerscope.fixes.layer_choice import LayerChoice, choose_layer_fixes
from layerscope.fixes.plan import Plan
from layerscope.fixes.proposal import Proposal, propose
from layerscope.report.applied_markdown import render_applied_markdown
from layerscope.report.applied_view import render_applied_json, render_applied_text
from layerscope.report.plan_markdown import render_plan_markdown
from layerscope.report.plan_view import render_plan_json, render_plan_text
from layerscope.rules.registry import find_rule
from layerscope.rules.wording import tell_count
from layerscope.sources.registry.credentials import Credential
from layerscope.sources.source import Source


@click.command("fix", cls=Command, formats=PLAN_FORMATS)
@image_argument
@click.option("--only", "handles", multiple=True, metavar="CODE", help="Fix what this rule finds alone; repeatable.")
@click.option("--safe", "is_safe", is_flag=True, help="Plan only fixes that may be applied unread.")
@base_option
@ignore_base_option
@with_gpu_options
@policy_dir_option
@with_dockerfile
@with_surgery
@with_build
@with_recipe
@with_reading
@output_option
@with_console
def command(
    image: str,
    *,
    handles: tuple[str, ...],
    is_safe: bool,
    base: str | None,
    ignore_base: bool,
    gpus: tuple[str, ...],
    driver: str | None,
    fleet: Path | None,
    policy_dir: Path | None,
    choice: DockerfileChoice,
    surgery: Surgery,
    build: BuildChoice,
    wanted: RecipeChoice,
    reading: Reading,
    output: tuple[str, ...],
    console: Console,
) -> int:
    """Plan what to change so that an image audits clean.

    IMAGE is audited, and the fewest fixes are told, in order of effect: why each is needed, what it removes, how many
    bytes it saves and what to write. With --file, a diff shows what of that changes the Dockerfile. Formats are
    terminal, json, and markdown for a merge request. Exit codes: 0 nothing to fix, 1 there are steps, 4 the image is
    damaged. With --apply: 0 the new image is proved and written, or nothing is to be changed, 1 it is not what it
    should be and was not written, or a build broke. With --recipe: 0 it is told, 5 a --probe could not run.
    """
    outputs = parse_outputs(output, formats=PLAN_FORMATS)
    codes = frozenset(map(_find_code, handles))
    opened = open_dockerfile(choice, build.context, images=(image, surgery.to or ""), outputs=outputs)
    wanted.check(surgery, plans=bool(opened or choice.is_reconstructed or codes or is_safe))
    rebuild = open_rebuild(build, surgery, opened, reading, is_written=choice.is_written)
    own = choose_credential(image, surgery.to, known := read_only_credential((image, base, surgery.rebase), reading))
    destination = rebuild.destination if rebuild else _open_destination(surgery, reading, choice, codes, own)
    check_engine(wanted, destination)
    source, below = choose_sources(refuse_container(image, "fix"), base, reading, known, random_access=surgery.layers)
    options = make_options(reading, base=below, policy_dir=policy_dir)
    options = replace(options, **ask_about(options, gpus=gpus, driver=driver, fleet=fleet))
    result = _audit(source, options, console)
    if wanted.recipe is not None:
        return deliver_recipe(image, result, wanted, outputs, options=options, console=console)
    whole, result = result, leave_out_base(result) if ignore_base else result
    proof = open_proof(image, whole, wanted, destination, options=options, console=console)
    if surgery.applies and not result.is_intact:
        console.complain("the image is damaged: nothing was changed, and no image was written")
    elif rebuild is not None:
        return apply_build(
            rebuild, whole, result, codes, options=options, outputs=outputs, console=console, proof=proof
        )
    elif destination is not None:
        meant = choose_layer_fixes(result.findings, codes=codes, reviewed=surgery.reviewed)
        applied = apply_layers(
            whole, surgery, destination, meant, reading, options=options, console=console, proof=proof
        )
        return _deliver_applied(applied or _tell_unchanged(result, meant, codes), result, outputs, console)
    if choice.is_reconstructed:
        return _reconstruct(result, console)
    return _tell_plan(
        result, choice, opened, outputs, codes=codes, is_safe=is_safe, reviewed=surgery.reviewed, console=console
    )


def _tell_plan(
    result: AuditResult,
    choice: DockerfileChoice,
    opened: OpenedDockerfile | None,
    outputs: Sequence[Output],
    *,
    codes: frozenset[str],
    is_safe: bool,
    reviewed: bool,
    console: Console,
) -> int:
    """Tell what to do, and write what of it changes the Dockerfile if that is wanted."""
    proposal = propose(result.findings, codes=codes, is_safe=is_safe, base_layers=result.base_layers)
    dockerfile = None if opened is None else propose_changes(opened, result, codes=codes, is_safe=is_safe)
    renderers = _render_plan(result, proposal, dockerfile)
    deliver(outputs, renderers, context=console.render_context(), console=console)
    if opened is not None and dockerfile is not None and choice.is_written:
        write_chosen(opened, dockerfile, result, codes, reviewed=reviewed, console=console)
    return find_exit_code(result, proposal.plan)


def _reconstruct(result: AuditResult, console: Console) -> int:
    """Print a Dockerfile made of the history; the exit code."""
    print_reconstruction(result, console)
    return exit_codes.CLEAN if result.is_intact else exit_codes.MALFORMED


def _audit(source: Source, options: AuditOptions, console: Console) -> AuditResult:
    """The audit of the image."""
    tell_unknown_branches(options, console)
    with show_progress(console) as progress:
        result = audit_image(source, options=options, progress=progress)
    tell_cache_notes(options.cache, console)
    return result


def _open_destination(
    surgery: Surgery,
    reading: Reading,
    choice: DockerfileChoice,
    codes: Collection[str],
    credential: Credential | None,
) -> Destination | None:
    """Where an image of edited layers goes, which has no use for a Dockerfile; None where none is made."""
    asked = replace(surgery, reviewed=surgery.reviewed and not choice.is_written)
    destination = open_destination(asked, reading, codes, credential)
    if destination is not None and (choice.path is not None or choice.is_reconstructed):
        raise UsageError(
            "--file and --reconstruct: expected no --apply --layers beside them, which needs no Dockerfile"
        )
    return destination


def _render_plan(result: AuditResult, proposal: Proposal, dockerfile: DockerfileProposal | None) -> dict[str, Renderer]:
    """The plan in each format."""
    return {
        "terminal": lambda context: render_plan_text(result, proposal, context, dockerfile),
        "json": lambda _: render_plan_json(result, proposal, dockerfile),
        "markdown": lambda _: render_plan_markdown(result, proposal, dockerfile),
    }


def _tell_unchanged(result: AuditResult, chosen: LayerChoice, codes: Collection[str]) -> str:
    """Why no image is made."""
    if chosen.edits:
        what = "what could go lies in the base image's layers, or is hardly anything of one"
        return f"nothing was changed: {what}; --every-layer takes it out"
    withheld = len(choose_layer_fixes(result.findings, codes=codes, reviewed=True).cures)
    if not withheld:
        return "nothing to change in the layers themselves: no finding has such a fix; no image was written"
    found = tell_count(withheld, "finding has a fix", "findings have fixes")
    return f"nothing was changed: {found} that somebody should read first; --reviewed makes it"


def _deliver_applied(applied: Applied | str, result: AuditResult, outputs: Sequence[Output], console: Console) -> int:
    """Tell of what was made and what of it is proved; 1 where it is not what it should be, and nothing was written.

    Where nothing was to be made, why.
    """
    if isinstance(applied, str):
        return deliver_unchanged(result, applied, outputs, console)
    renderers: dict[str, Renderer] = {
        "terminal": lambda context: render_applied_text(applied, context),
        "json": lambda _: render_applied_json(applied),
        "markdown": lambda _: render_applied_markdown(applied),
    }
    deliver_made(applied.destination if applied.is_proved else "", outputs, renderers, console)
    return exit_codes.CLEAN if applied.is_proved else exit_codes.FINDINGS


def _find_code(handle: str) -> str:
    """The code of the rule that is meant; raises UsageError for none."""
    rule = find_rule(handle)
    if rule is None:
        raise UsageError(f"--only {handle!r}: expected the code or name of a rule; layerscope rules lists them")
    return rule.code


def find_exit_code(result: AuditResult, plan: Plan) -> int:
    """The exit code of a plan; a damaged image, whatever there is to fix."""
    if not result.is_intact:
        return exit_codes.MALFORMED
    return exit_codes.FINDINGS if plan.steps else exit_codes.CLEAN
