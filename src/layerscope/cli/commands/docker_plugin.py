"""`layerscope docker-plugin`: layerscope as a command of docker."""

import os
import shutil
import sys

import click

from layerscope.cli import exit_codes
from layerscope.cli.command import Command
from layerscope.cli.completion import render_completions
from layerscope.cli.console import Console
from layerscope.cli.docker_call import COMPLETION_COMMANDS, METADATA_COMMAND, NAME, parse_docker_call, render_metadata
from layerscope.cli.docker_plugin import find_plugin_place
from layerscope.cli.docker_socket import VARIABLE, heed_docker
from layerscope.cli.options import with_console

PROGRAM = f"docker {NAME}"

_system_option = click.option(
    "--system", "is_system", is_flag=True, help="For all users of this host, in /usr/local/lib/docker/cli-plugins."
)


@click.group("docker-plugin")
def command() -> None:
    """Run layerscope as docker layerscope."""


@command.command("install", cls=Command)
@_system_option
@with_console
def install(*, is_system: bool, console: Console) -> int:
    """Write the plugin of Docker's command line, so that docker layerscope works.

    It lies in docker's folder of this user (DOCKER_CONFIG, or ~/.docker) and runs the Python that layerscope is
    installed in. A file of the same name that is not layerscope's is never overwritten.
    """
    place = find_plugin_place(os.environ, is_system=is_system)
    place.install()
    console.say(f"layerscope: {place.file} runs {sys.executable} for docker layerscope")
    if shutil.which("docker") is None:
        console.say("layerscope: there is no docker on PATH yet")
    return exit_codes.CLEAN


@command.command("uninstall", cls=Command)
@_system_option
@with_console
def uninstall(*, is_system: bool, console: Console) -> int:
    """Take the plugin out."""
    place = find_plugin_place(os.environ, is_system=is_system)
    if place.uninstall():
        console.say(f"layerscope: {place.file} is gone")
    else:
        console.say(f"layerscope: there is no plugin of layerscope's in {place.folder}")
    return exit_codes.CLEAN


@command.command(
    "run",
    add_help_option=False,
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
@click.argument("arguments", metavar="[WORD]...", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def run(context: click.Context, /, *, arguments: tuple[str, ...]) -> int:
    """Do what docker runs the plugin for: say what it is, complete a line, or run a command.

    The engine is the one that docker's own options name, as --context and --host; the exit code is the command's.
    """
    console = context.find_object(Console)
    assert console is not None
    if arguments[:1] == (METADATA_COMMAND,):
        console.write(f"{render_metadata()}\n")
        return exit_codes.CLEAN
    from layerscope.cli.root import root

    if arguments[:1] and arguments[0] in COMPLETION_COMMANDS:
        is_explained = arguments[0] == COMPLETION_COMMANDS[0]
        console.write(render_completions(root, PROGRAM, arguments[2:], is_explained=is_explained))
        return exit_codes.CLEAN
    call = parse_docker_call(arguments)
    for name, value in call.variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    console.program = PROGRAM
    heed_docker(os.environ.pop(VARIABLE, None))
    with root.make_context(PROGRAM, list(call.words), obj=console) as inner:
        code: int = root.invoke(inner)
        return code
