"""`layerscope probe`: the image started, locked down, and made to generate; the first stage that breaks is named."""

import sys
from typing import Final

import click
from msgspec.structs import replace

from layerscope.audit.model_target import choose_model
from layerscope.audit.pipeline import audit_image
from layerscope.audit.probe_target import choose_target
from layerscope.cli import exit_codes
from layerscope.cli.command import Command
from layerscope.cli.console import Console
from layerscope.cli.image_access import choose_source, make_options, tell_cache_notes
from layerscope.cli.options import Reading, output_option, with_console, with_reading
from layerscope.cli.outputs import TEXT_AND_JSON, Renderer, deliver, parse_outputs
from layerscope.cli.probe_engine import find_engine, offers_gpus
from layerscope.cli.progress import show_progress
from layerscope.cli.sizes import parse_size
from layerscope.errors import EngineError, ProbeError, UsageError
from layerscope.policies.policies import Policies
from layerscope.probe.container_run import run_in_container
from layerscope.probe.known_errors import find_known_error
from layerscope.probe.limits import ContainerLimits
from layerscope.probe.local_model import find_local_model
from layerscope.probe.local_run import find_interpreter, find_modules, run_here
from layerscope.probe.model_search import NO_MODEL, Search
from layerscope.probe.observation import Observation
from layerscope.probe.own_model_spec import MOST_BATCH, ask_for_batch, ask_for_model, with_model
from layerscope.probe.payload_text import render_payload
from layerscope.probe.preloads import find_preloads
from layerscope.probe.spec import ProbeSpec
from layerscope.probe.verdict import Outcome, judge
from layerscope.report.probe_json import render_probe_json
from layerscope.report.probe_view import render_probe_text

GPUS: Final = ("auto", "all", "none")


@click.command("probe", cls=Command)
@click.argument("image", metavar="[IMAGE]", required=False)
@click.option("--gpus", type=click.Choice(GPUS), default="auto", show_default=True, help="Give the container GPUs.")
@click.option("--require-gpu", is_flag=True, help="Exit with 5 unless the generation was made on a GPU.")
@click.option("--memory", type=parse_size, metavar="SIZE", help="Memory of the container; default: 8GiB.")
@click.option("--shm-size", type=parse_size, metavar="SIZE", help="Size of its /dev/shm; default: 64MiB.")
@click.option("--patience", type=click.FloatRange(0.05, 100), default=1.0, help="Factor on every deadline; default: 1.")
@click.option("--local", is_flag=True, help="Probe this very environment instead of an image.")
@click.option(
    "--python", default="python3", show_default=True, metavar="NAME", help="The Python to probe with --local."
)
@click.option(
    "--model", metavar="PATH", help="The image's own model; default: what its command names. none: leave out."
)
@click.option(
    "--max-batch", type=click.IntRange(1, MOST_BATCH), metavar="N", help="Look for the largest batch up to N."
)
@click.option("--print-payload", is_flag=True, help="Print what runs inside the image, and do nothing.")
@with_reading
@output_option
@with_console
def command(
    image: str | None,
    *,
    gpus: str,
    require_gpu: bool,
    memory: int | None,
    shm_size: int | None,
    patience: float,
    local: bool,
    python: str,
    model: str | None,
    max_batch: int | None,
    print_payload: bool,
    reading: Reading,
    output: tuple[str, ...],
    console: Console,
) -> int:
    """Run the image, locked down, and make it generate.

    A container without network and capabilities, on a read-only root, is asked stage by stage: driver, CUDA, imports,
    and a small model whose every token is known. Whatever comes out, the first stage that broke is named. Exit codes:
    0 it generates, 1 a stage broke, 5 the probe could not run, or proved nothing with --require-gpu.
    """
    outputs = parse_outputs(output, formats=TEXT_AND_JSON)
    if print_payload:
        sys.stdout.write(render_payload())
        return exit_codes.CLEAN
    if local == (image is not None):
        raise UsageError("probing: expected IMAGE, or --local to probe this environment")
    limits = ContainerLimits()
    limits = replace(limits, memory=memory or limits.memory, shm=shm_size or limits.shm)
    spec = ProbeSpec("", limits=limits, patience=patience, max_batch=max_batch or 0)
    if image is None:
        name, seen = "this environment", _probe_here(spec, python, model, console)
    else:
        name, seen = image, _probe_image(image, spec, gpus=gpus, model=model, reading=reading, console=console)
    verdict = judge(seen, wants_gpu=require_gpu or gpus == "all")
    renderers: dict[str, Renderer] = {
        "terminal": lambda context: render_probe_text(name, seen, verdict, context),
        "json": lambda _: render_probe_json(name, seen, verdict),
    }
    deliver(outputs, renderers, context=console.render_context(), console=console)
    if require_gpu and verdict.device in {"", "the CPU"}:
        return exit_codes.PROBE
    if verdict.outcome is Outcome.UNPROVED:
        return exit_codes.PROBE
    return exit_codes.CLEAN if verdict.is_good else exit_codes.FINDINGS


def _probe_here(spec: ProbeSpec, python: str, model: str | None, console: Console) -> Observation:
    interpreter = find_interpreter(python)
    asked = replace(spec, interpreter=interpreter, modules=find_modules(interpreter))
    search = Search() if model in {None, NO_MODEL} else Search(find_local_model(str(model)))
    with show_progress(console) as progress:
        return with_model(run_here(ask_for_batch(ask_for_model(asked, search)), progress=progress), search)


def _probe_image(
    image: str, spec: ProbeSpec, *, gpus: str, model: str | None, reading: Reading, console: Console
) -> Observation:
    engine, kind, reference, image_id = find_engine(image)
    with engine, show_progress(console) as progress:
        options = make_options(reading)
        result = audit_image(choose_source(f"{kind}:{reference}", reading), options=options, progress=progress)
        tell_cache_notes(options.cache, console)
        preloads = find_preloads(result.image.config.runtime.env)
        if preloads:
            raise ProbeError(
                f"probing {image}: its environment sets {', '.join(preloads)}, which would run in every process of the "
                "container: take it out of the image first"
            )
        target = choose_target(result)
        if not target.interpreter:
            raise ProbeError(f"probing {image}: {target.reason}")
        search = Search() if model == NO_MODEL else choose_model(result, model)
        asked = replace(spec, interpreter=target.interpreter, modules=target.modules)
        asked = ask_for_batch(ask_for_model(asked, search))
        wants = gpus == "all" or (gpus == "auto" and offers_gpus(engine))
        try:
            return with_model(run_in_container(engine, image_id, asked, gpus=wants, progress=progress), search)
        except EngineError as error:
            raise ProbeError(f"probing {image}: {error}{_explain(str(error), options.policies)}") from error


def _explain(refusal: str, policies: Policies) -> str:
    """What is known of an engine's refusal, and what to do."""
    known = find_known_error(refusal, policies)
    return "" if known is None else f"; {known.meaning}. {'; or '.join(known.cures)}"
