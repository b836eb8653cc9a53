"""`layerscope probe`: the image started, locked down, and made to generate; the first stage that breaks is named."""

import sys

import click
from msgspec.structs import replace

from layerscope.audit.pipeline import audit_image
from layerscope.audit.probed import add_probe
from layerscope.audit.result import AuditResult
from layerscope.cli import exit_codes
from layerscope.cli.command import Command
from layerscope.cli.console import Console
from layerscope.cli.image_access import choose_source, make_options, refuse_container, tell_cache_notes
from layerscope.cli.image_probe import Probing, probe_image, with_probing
from layerscope.cli.options import Reading, output_option, with_console, with_reading
from layerscope.cli.outputs import TEXT_AND_JSON, Renderer, deliver, parse_outputs
from layerscope.cli.probe_bundle import probe_bundle
from layerscope.cli.probe_elsewhere import emit, read_probe
from layerscope.cli.probe_options import BUNDLE, Place, with_place
from layerscope.cli.probe_server import probe_url
from layerscope.cli.progress import show_progress
from layerscope.errors import UsageError
from layerscope.probe.local_model import find_local_model
from layerscope.probe.local_run import find_interpreter, find_modules, run_here
from layerscope.probe.model_search import NO_MODEL, Search
from layerscope.probe.observation import Observation
from layerscope.probe.own_model_spec import ask_for_batch, ask_for_model
from layerscope.probe.payload_text import render_payload
from layerscope.probe.probed import Probed
from layerscope.probe.spec import ProbeSpec
from layerscope.report.probe_json import render_probe_json
from layerscope.report.probe_view import render_probe_text
from layerscope.rules.finding import Finding


@click.command("probe", cls=Command)
@click.argument("image", metavar="[IMAGE]", required=False)
@with_probing
@click.option("--local", is_flag=True, help="Probe this very environment instead of an image.")
@click.option("--python", metavar="NAME", help="The Python to probe with --local (default: python3) or --emit.")
@click.option("--url", metavar="URL", help="Probe the server of models that runs there instead of an image.")
@click.option("--print-payload", is_flag=True, help="Print what runs inside the image, and do nothing.")
@with_place
@with_reading
@output_option
@with_console
def command(
    image: str | None,
    *,
    probing: Probing,
    local: bool,
    python: str | None,
    url: str | None,
    print_payload: bool,
    place: Place,
    reading: Reading,
    output: tuple[str, ...],
    console: Console,
) -> int:
    """Run the image, locked down, and make it generate.

    A container without network and capabilities, on a read-only root, is asked stage by stage: driver, CUDA, imports,
    and a small model whose every token is known. Whatever comes out, the first stage that broke is named. Exit codes:
    0 it generates, 1 a stage broke, 5 the probe could not run, or proved nothing (with --require-gpu: on no GPU). The
    server of models that an image starts is started and asked over HTTP; --url asks one that runs already.
    """
    outputs = parse_outputs(output, formats=TEXT_AND_JSON)
    if print_payload:
        sys.stdout.write(render_payload())
        return exit_codes.CLEAN
    given = local + (image is not None) + (place.read_file is not None) + (url is not None)
    if given != 1:
        found = ("none", "", "two", "three", "four")[given]
        raise UsageError(f"probing: expected one of IMAGE, --local, --url URL and --read FILE, found {found}")
    refuse_container(image or "", "probe")
    if place.emit is not None:
        return emit(image, place.emit, probing, python=python, reading=reading, console=console)
    findings: tuple[Finding, ...] = ()
    if place.read_file is not None:
        name, seen = read_probe(place.read_file, place.nonce)
        probed = probing.judge(seen)
    elif url is not None:
        name, probed = probe_url(url, probing, console)
    elif image is None:
        name, probed = "this environment", probing.judge(_probe_here(probing.make_spec(), python or "python3", console))
    else:
        name, (probed, findings) = image, _probe_image(image, probing, place, reading=reading, console=console)
    verdict = probed.verdict
    assert verdict is not None, "a probe that was refused has raised"
    renderers: dict[str, Renderer] = {
        "terminal": lambda context: render_probe_text(
            name, probed, context, findings=findings, shows_recipe=place.recipe
        ),
        "json": lambda _: render_probe_json(name, probed, findings),
    }
    deliver(outputs, renderers, context=console.render_context(), console=console)
    if not probed.is_proof:
        return exit_codes.PROBE
    return exit_codes.CLEAN if verdict.is_good else exit_codes.FINDINGS


def _probe_here(spec: ProbeSpec, python: str, console: Console) -> Observation:
    interpreter, wanted = find_interpreter(python), spec.wanted_model
    asked = replace(spec, interpreter=interpreter, modules=find_modules(interpreter))
    search = Search() if wanted in {None, NO_MODEL} else Search(find_local_model(str(wanted)))
    with show_progress(console) as progress:
        seen = run_here(ask_for_batch(ask_for_model(asked, search)), progress=progress)
    return replace(seen, is_here=True)


def _probe_image(
    image: str, probing: Probing, place: Place, *, reading: Reading, console: Console
) -> tuple[Probed, tuple[Finding, ...]]:
    """What was seen, and what rules find in it together with the image's files."""
    options = make_options(reading)

    def audit(name: str) -> AuditResult:
        with show_progress(console) as progress:
            result = audit_image(choose_source(name, reading), options=options, progress=progress)
        tell_cache_notes(options.cache, console)
        return result

    if place.runtime == BUNDLE:
        result, probed = probe_bundle(image, probing, place.variant, reading=reading, console=console)
    else:
        result, probed = probe_image(
            image, probing, audit, policies=options.policies, console=console, variant=place.variant
        )
    joined = add_probe(result, probed, options.policies)
    assert joined.probed is not None, "it was given"
    told = tuple(each for each in joined.findings if each.code.startswith("PROBE") or each.confirmed)
    return joined.probed, told
