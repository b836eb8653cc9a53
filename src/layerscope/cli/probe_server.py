"""A server of models that runs already, probed from this host."""

import sys

from msgspec.structs import replace

from layerscope.cli.console import Console
from layerscope.cli.image_probe import Probing
from layerscope.cli.progress import show_progress
from layerscope.cli.server_key import read_key
from layerscope.probe.collect import SERVING
from layerscope.probe.local_run import run_here
from layerscope.probe.probed import Probed
from layerscope.probe.serving_spec import ServingSpec, parse_address


def probe_url(url: str, probing: Probing, console: Console) -> tuple[str, Probed]:
    """The server's address, and what it answers; raises UsageError for what is no address."""
    address = parse_address(url)
    serving = ServingSpec(
        name="the server",
        address=address,
        port=address.port,
        model=probing.model_name or "",
        key=read_key(probing.api_key_env),
        is_certain=True,
    )
    asked = replace(probing.make_spec(), interpreter=sys.executable, roles=(SERVING,), serving=serving)
    with show_progress(console) as progress:
        seen = run_here(asked, progress=progress)
    return str(address), probing.judge(seen)
