"""The command `layerscope`: what it can do, in one screen."""

from typing import Final

import click

from layerscope import __version__
from layerscope.cli.lazy_group import LazyCommand, LazyGroup

PROGRAM: Final = "layerscope"

_COMMANDS: Final = {
    "audit": LazyCommand("layerscope.cli.commands.audit", "Prove an image intact, weigh it, and say what to change."),
    "diff": LazyCommand("layerscope.cli.commands.diff", "Tell what changed between two images, and what it means."),
    "check": LazyCommand("layerscope.cli.commands.check", "Check images against the project's policy, before a push."),
    "push": LazyCommand("layerscope.cli.commands.push", "Check an image, and push it only when it passes."),
    "hook": LazyCommand("layerscope.cli.commands.hook", "Check images before git push."),
    "fix": LazyCommand("layerscope.cli.commands.fix", "Plan what to change so that an image audits clean."),
    "facts": LazyCommand("layerscope.cli.commands.facts", "Show what the image contains: system, ELF, Python, CUDA."),
    "probe": LazyCommand("layerscope.cli.commands.probe", "Run the image, locked down, and make it generate."),
    "layers": LazyCommand("layerscope.cli.commands.layers", "List the layers with their digests and sizes."),
    "tree": LazyCommand("layerscope.cli.commands.tree", "List files: merged, or one layer's changes."),
    "cat": LazyCommand("layerscope.cli.commands.cat", "Write one file of the image to standard output."),
    "extract": LazyCommand("layerscope.cli.commands.extract", "Copy files out of the image, safely."),
    "inspect": LazyCommand("layerscope.cli.commands.inspect", "Show config, digests and history."),
    "cache": LazyCommand("layerscope.cli.commands.cache", "Measure, prune or verify the layer cache."),
    "rules": LazyCommand(
        "layerscope.cli.commands.rules", "List the rules, explain one, or show the tables they rest on."
    ),
    "explain": LazyCommand("layerscope.cli.commands.explain", "Tell what an error message means and what to do."),
    "docker-plugin": LazyCommand("layerscope.cli.commands.docker_plugin", "Run layerscope as docker layerscope."),
    "doctor": LazyCommand("layerscope.cli.commands.doctor", "Look at this host: engines, driver, GPUs."),
}

_HELP: Final = """Read a container image layer by layer: what is in it, what is wrong with it, what to change.

IMAGE is a name in the local engine (python:3.12-slim), a path (an archive or an OCI layout), - for an archive on
standard input (docker-archive:-:NAME for one of several in it),
or SCHEME:NAME with one of docker, podman, registry, docker-archive, oci-archive, oci-dir, container.
"""

_EPILOG: Final = """Exit codes: 0 clean, 1 findings at or above --fail-on, 2 usage or configuration, 3 the image could
not be had, 4 the image is malformed or a digest does not match, 5 a probe or a check could not run to its end. Options
that commands share can also be set by LAYERSCOPE_OPTION_NAME or in layerscope.toml.
"""

root: Final = LazyGroup(
    name=PROGRAM,
    lazy=_COMMANDS,
    help=_HELP,
    epilog=_EPILOG,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
click.version_option(__version__, prog_name=PROGRAM, message="%(prog)s %(version)s")(root)
