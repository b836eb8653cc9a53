"""A server of models that is probed: one that runs already, or the one that an image starts."""

import functools
import os
import sys
from typing import Any, Final

import click
from msgspec import Struct
from msgspec.structs import replace

from layerscope.cli.console import Console
from layerscope.cli.options import Function
from layerscope.cli.progress import show_progress
from layerscope.errors import UsageError
from layerscope.probe.collect import GENERATION, SERVING, SYSTEM, VISIBILITY
from layerscope.probe.local_run import run_here
from layerscope.probe.observation import Observation
from layerscope.probe.serving_spec import ApiKey, ServingSpec, parse_address
from layerscope.probe.spec import ProbeSpec

KEY_CHARACTERS: Final = 4096


class ServerChoice(Struct, frozen=True):
    """What the user says of the server: where it runs, the key that it wants, the model, and whether to start one."""

    url: str | None = None
    key_variable: str | None = None
    model: str = ""
    is_started: bool = True


def read_key(variable: str | None) -> ApiKey:
    """The key that an environment variable holds; raises UsageError where it cannot be one."""
    if variable is None:
        return ApiKey()
    key = os.environ.get(variable, "").strip()
    if not key:
        raise UsageError(f"reading the key: expected it in the environment variable {variable}, which is not set")
    if len(key) > KEY_CHARACTERS or not key.isascii() or not key.isprintable() or " " in key:
        raise UsageError(f"reading the key: the value of {variable} is none: expected one word of ASCII")
    return ApiKey(key)


def probe_url(choice: ServerChoice, spec: ProbeSpec, console: Console) -> tuple[str, Observation]:
    """The server's address, and what it answers to this host; raises UsageError."""
    assert choice.url is not None, "asked for"
    address = parse_address(choice.url)
    serving = ServingSpec(
        name="the server", address=address, port=address.port, model=choice.model, key=read_key(choice.key_variable),
        is_certain=True,
    )  # fmt: skip
    asked = replace(spec, interpreter=sys.executable, roles=(SERVING,), serving=serving)
    with show_progress(console) as progress:
        return str(address), run_here(asked, progress=progress)


def add_server(spec: ProbeSpec, found: ServingSpec | None, choice: ServerChoice) -> ProbeSpec:
    """The probe of an image, with the server that it starts; a generation without it comes first if there is one."""
    if found is None or not choice.is_started:
        return spec
    serving = replace(found, model=choice.model, key=read_key(choice.key_variable))
    roles = (SYSTEM, GENERATION, SERVING, VISIBILITY) if spec.modules else (SYSTEM, SERVING, VISIBILITY)
    return replace(spec, roles=roles, serving=serving)


def tell_other_way(found: ServingSpec | None) -> str:
    """What to do where an image has no Python to probe it with, and starts a server."""
    if found is None:
        return ""
    return (
        f"; it runs {found.name}: start it, and probe it from outside: layerscope probe --url http://HOST:{found.port}"
    )


def with_server(command: Function) -> Function:
    """Give a command the options that say which server is asked, as the one argument `server`."""

    @functools.wraps(command)
    def run(
        *arguments: Any, url: str | None, api_key_env: str | None, model_name: str | None, no_server: bool, **rest: Any
    ) -> int:
        if url is None and api_key_env is not None and no_server:
            raise UsageError("probing without a server: --api-key-env has no use beside --no-server")
        server = ServerChoice(url, api_key_env, model_name or "", is_started=not no_server)
        return command(*arguments, server=server, **rest)

    for decorate in reversed(_OPTIONS):
        run = decorate(run)
    return run


_OPTIONS: Final = (
    click.option("--url", metavar="URL", help="Probe the server that runs there instead of an image."),
    click.option("--api-key-env", metavar="NAME", help="The variable that holds the server's key; it is never shown."),
    click.option("--model-name", metavar="NAME", help="Ask for this of the server's models; default: its first."),
    click.option("--no-server", is_flag=True, help="Leave the image's own server of models unstarted."),
)
