"""`layerscope doctor`: this host, as far as containers with GPUs depend on it."""

from datetime import UTC, datetime
from pathlib import Path

import click

from layerscope.cli import exit_codes
from layerscope.cli.command import Command
from layerscope.cli.console import Console
from layerscope.cli.options import cache_dir_option, output_option, with_console
from layerscope.cli.outputs import TEXT_AND_JSON, Renderer, deliver, parse_outputs
from layerscope.cli.progress import show_progress
from layerscope.errors import UsageError
from layerscope.facts.cuda.gpu_target import parse_gpu
from layerscope.host.examine import examine_host
from layerscope.host.place import Host
from layerscope.layers import cache_usage
from layerscope.policies.gpu_names import parse_capability
from layerscope.policies.policies import Policies
from layerscope.report.doctor_view import render_doctor_json, render_doctor_text


@click.command("doctor", cls=Command)
@cache_dir_option
@output_option
@with_console
def command(*, cache_dir: Path | None, output: tuple[str, ...], console: Console) -> int:
    """Look at this host: engines, driver, GPUs.

    Nothing is required, and nothing is changed: container engines, the NVIDIA driver and its GPUs, the container
    toolkit, shared memory, cgroups and the layer cache are looked at, each with a deadline. The exit code is 0.
    """
    outputs = parse_outputs(output, formats=TEXT_AND_JSON)
    usage = cache_usage.usage(cache_dir or cache_usage.default_cache_dir())
    with show_progress(console) as progress:
        progress.note("asking engines and the driver")
        found = examine_host(Host(), cache=usage.root, cache_size=usage.size, now=datetime.now(UTC), knows=_knows_gpu)
    renderers: dict[str, Renderer] = {
        "terminal": lambda context: render_doctor_text(found, context),
        "json": lambda _: render_doctor_json(found),
    }
    deliver(outputs, renderers, context=console.render_context(), console=console)
    return exit_codes.CLEAN


def _knows_gpu(name: str, capability: str | None) -> bool:
    """Whether `audit --gpu NAME` means a GPU of that compute capability."""
    try:
        target = parse_gpu(name, Policies().gpu_arch)
    except UsageError:
        return False
    return capability is None or target.capability == parse_capability(capability)
