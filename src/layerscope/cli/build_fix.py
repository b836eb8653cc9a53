"""`layerscope fix IMAGE --apply --build`: the options, and from them to a new image that is built and proved."""

import functools
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import click

from layerscope.audit.build_fix import BuildFix, choose_build_fix
from layerscope.audit.built import Built, prove_build
from layerscope.audit.failed_build import FailedBuild, explain_failure
from layerscope.audit.options import AuditOptions
from layerscope.audit.pipeline import audit_image
from layerscope.audit.result import AuditResult
from layerscope.cli import exit_codes
from layerscope.cli.build_files import find_ignores, hold_context, leave_out_unbuildable, write_dockerfile
from layerscope.cli.built_outputs import deliver_built
from layerscope.cli.console import Console
from layerscope.cli.dockerfile_fix import OpenedDockerfile, check_unchanged, propose_changes
from layerscope.cli.image_access import tell_cache_notes
from layerscope.cli.layer_options import Surgery
from layerscope.cli.options import NamedPath, Reading
from layerscope.cli.outputs import Output
from layerscope.cli.progress import show_progress
from layerscope.cli.proof_probe import ProbedProof, ProofProbe
from layerscope.cli.unchanged import deliver_unchanged
from layerscope.errors import UsageError
from layerscope.fixes.builds.builder import Builder, find_builder
from layerscope.fixes.builds.option_values import check_values
from layerscope.fixes.builds.output import BuildOutput, BuildRun
from layerscope.fixes.builds.refused_option import check_taken
from layerscope.fixes.builds.request import BuildRequest
from layerscope.fixes.builds.running import run_builder
from layerscope.fixes.builds.workplace import hold_name, open_dockerfile_place
from layerscope.fixes.destinations.engine import EngineDestination
from layerscope.fixes.destinations.select import select_destination
from layerscope.held_signals import HeldSignals
from layerscope.policies.error_search import clean_text
from layerscope.report.build_words import tell_command
from layerscope.rules.wording import tell_count
from layerscope.sources.daemon import DaemonSource
from layerscope.sources.source import InPlace

Function = Callable[..., int]


@dataclass(frozen=True)
class BuildChoice:
    """Whether and how a builder is run: the raw values of the options."""

    builds: bool
    context: Path | None
    options: tuple[str, ...]


@dataclass(frozen=True)
class Rebuild:
    """All that is known before the image is read: the Dockerfile, the folder, the builder, and the place."""

    opened: OpenedDockerfile
    context: Path
    options: tuple[str, ...]
    builder: Builder
    destination: EngineDestination
    reviewed: bool
    is_written: bool
    in_place: InPlace


_OPTIONS: Final = (
    click.option(
        "--build", "builds", is_flag=True, help="With --apply: by the engine's builder, from --file and --context."
    ),
    click.option(
        "--context",
        type=NamedPath(),
        metavar="DIR",
        help="The folder that COPY takes from; default, without --build: the one of --file.",
    ),
    click.option(
        "--build-option",
        "build_options",
        multiple=True,
        metavar="OPTION",
        help="Give the builder this, too, as --build-option=--build-arg=NAME=VALUE; repeatable.",
    ),
)
_FIELDS: Final = ("builds", "context", "build_options")


def with_build(function: Function) -> Function:
    """Add the options on the build, and pass them as `build`."""

    @functools.wraps(function)
    def command(*arguments: object, **options: Any) -> int:
        build = BuildChoice(*(options.pop(name) for name in _FIELDS))
        return function(*arguments, build=build, **options)

    for add in reversed(_OPTIONS):
        command = add(command)
    return command


def open_rebuild(
    build: BuildChoice,
    surgery: Surgery,
    opened: OpenedDockerfile | None,
    reading: Reading,
    *,
    is_written: bool,
) -> Rebuild | None:
    """The build that is asked for, once its place is free and its builder there; None where none is.

    Raises UsageError and SourceError.
    """
    if not build.builds:
        if build.options:
            raise UsageError("--build-option: expected --apply --build beside it")
        if build.context is not None and opened is None:
            raise UsageError("--context: expected --file DOCKERFILE beside it")
        return None
    destination = _select_destination(surgery)
    if opened is None or build.context is None:
        raise UsageError("--apply --build: expected --file DOCKERFILE and --context DIR, what the image is built from")
    if reading.offline:
        raise UsageError("--offline: expected no --build beside it: a builder asks registries for base images")
    check_values(build.options, opened.dockerfile.stages, is_podman=destination.kind == "podman")
    platform = (f"--platform={reading.platform}",) if reading.platform else ()
    builder = find_builder(destination.kind, destination.find_endpoint(), destination.environment)
    destination.check()
    return Rebuild(
        opened,
        build.context,
        (*platform, *build.options),
        builder,
        destination,
        reviewed=surgery.reviewed,
        is_written=is_written,
        in_place=reading.in_place,
    )


def _select_destination(surgery: Surgery) -> EngineDestination:
    """The engine that the image is built in and for."""
    if not surgery.applies:
        raise UsageError("--build: expected --apply beside it")
    if surgery.edits_layers:
        raise UsageError("--build: expected no --layers, --drop or --compress beside it, nor others that need no build")
    destination = select_destination(surgery.to, replaces=surgery.replaces) if surgery.to is not None else None
    if not isinstance(destination, EngineDestination):
        raise UsageError(
            "--apply --build: expected --to docker:NAME or --to podman:NAME, whose builder makes the image"
        )
    return destination


def apply_build(
    rebuild: Rebuild,
    whole: AuditResult,
    result: AuditResult,
    codes: Collection[str],
    *,
    options: AuditOptions,
    outputs: Sequence[Output],
    console: Console,
    proof: ProofProbe | None = None,
) -> int:
    """Build the image anew, prove it, give it its name, and tell of it; 1 where it is not what it should be.

    `whole` is the audit that the new image's is compared with, `result` holds the findings that are to be cured.
    Raises ProbeError where the image as it is cannot be probed: then nothing was built.
    """
    chosen = _choose(rebuild, result, codes, console)
    proposal = leave_out_unbuildable(
        chosen.proposal, rebuild.builder, rebuild.opened, is_written=rebuild.is_written, console=console
    )
    fix = replace(chosen, proposal=proposal)
    if fix.is_empty:
        reason = "nothing to build: no finding has an edit or a stale step, or a cure that the files hold already"
        if not chosen.is_empty:
            reason = "nothing to build: the builder would not see what is changed beside the Dockerfile"
        return deliver_unchanged(result, reason, outputs, console)
    probed = None if proof is None else proof.probe_old()
    with hold_context(rebuild.opened, fix.proposal, console, is_written=rebuild.is_written) as keep:
        failures: list[UsageError] = []

        def settle() -> None:
            keep()
            if rebuild.is_written:
                try:
                    _write(rebuild, fix, console)
                except UsageError as error:
                    failures.append(error)

        def finish() -> None:
            for error in failures:
                raise error

        done = _build(rebuild, fix, whole, options=options, console=console, proof=probed, settle=settle)
        is_good = isinstance(done, Built) and done.is_proved
        deliver_built(done, outputs, console, finish=finish)
    return exit_codes.CLEAN if is_good else exit_codes.FINDINGS


def _write(rebuild: Rebuild, fix: BuildFix, console: Console) -> None:
    """Write the Dockerfile; where that cannot be, the image has its name all the same."""
    try:
        write_dockerfile(rebuild.opened, fix.proposal, console)
    except UsageError as error:
        raise UsageError(f"{error}; {rebuild.destination.where} is the new image all the same") from error


def _choose(rebuild: Rebuild, result: AuditResult, codes: Collection[str], console: Console) -> BuildFix:
    """What is done for the findings with these codes, once it is said what is not; raises UsageError."""
    everything = propose_changes(rebuild.opened, result, codes=codes, is_safe=False)
    if not everything.matched.is_related:
        raise UsageError(f"building from {str(rebuild.opened.path)!r}: {everything.refused[0].reason}")
    fix = choose_build_fix(
        propose_changes(rebuild.opened, result, codes=codes, is_safe=not rebuild.reviewed),
        tuple(finding for finding in result.findings if not codes or finding.code in codes),
        reviewed=rebuild.reviewed,
        target=rebuild.opened.target,
    )
    withheld = len(everything.edits) + len(everything.rebuilds) - len(fix.proposal.edits) - len(fix.advice)
    if withheld > 0:
        console.say(
            f"{tell_count(withheld, 'change')} left out: somebody should read them first; --reviewed makes them"
        )
    return fix


def _build(
    rebuild: Rebuild,
    fix: BuildFix,
    before: AuditResult,
    *,
    options: AuditOptions,
    console: Console,
    proof: ProbedProof | None,
    settle: Callable[[], None],
) -> Built | FailedBuild:
    """Build under a name that nobody knows, and give the image the one that was asked for once it is proved.

    `settle` writes what is to be written then, for good.
    """
    destination = rebuild.destination
    with hold_name(destination, console.complain) as name:
        run = _run(rebuild, fix, name, console)
        check_taken(run, rebuild.options, rebuild.builder.name)
        if run.code:
            return explain_failure(before, fix, run, destination=destination.where, policies=options.policies)
        source = DaemonSource(destination.kind, name, rebuild.in_place, destination.environment)
        with show_progress(console) as progress:
            after = audit_image(source, options=options, progress=progress)
        tell_cache_notes(options.cache, console)
        after = replace(after, image=replace(after.image, reference=destination.where))
        built = prove_build(before, after, fix, command=run.command, destination=destination.where)
        if built.is_proved and proof is not None:
            built = replace(built, objections=proof.judge(name, after))
        if built.is_proved:
            if rebuild.is_written and fix.proposal.edits:
                check_unchanged(rebuild.opened)
            with HeldSignals() as held:
                destination.give_name(name)
                settle()
                if held.count:
                    console.complain(f"{destination.where} is the new image all the same")
    return built


def _run(rebuild: Rebuild, fix: BuildFix, name: str, console: Console) -> BuildRun:
    """Run the builder over the edited Dockerfile, and tell what it says as it comes."""
    builder, opened = rebuild.builder, rebuild.opened
    if builder.is_coarser(fix.flags):
        console.say(f"{builder.name} has no --no-cache-filter: every step is built without the cache")
    ignores = None if rebuild.is_written else find_ignores(fix.proposal)
    request = BuildRequest(
        fix.proposal.text, rebuild.context, opened.path, opened.target, fix.flags, rebuild.options, ignores
    )
    output = BuildOutput()

    def listen(line: str) -> None:
        plain = clean_text(line).rstrip()
        output.add(plain)
        console.say(plain)

    with open_dockerfile_place(request) as dockerfile:
        command = builder.write_command(request, dockerfile, name)
        console.say(f"$ {tell_command(command)}")
        try:
            code = run_builder(command, builder.environment, listen)
        except BaseException:
            if builder.outlives_client:
                console.complain(
                    f"podman's service may go on building, and then has an image {name}: podman rmi {name}"
                )
            raise
    return BuildRun(tuple(command), code, output.find_breakdown())
