"""Options that several commands share, each defined once and settable by flag, environment and file alike."""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final, get_args

import click

from layerscope.cli.console import Console
from layerscope.cli.sizes import parse_size
from layerscope.sources.source import InPlace

Function = Callable[..., int]
Decorator = Callable[[Function], Function]


class NamedPath(click.Path):
    """A path that names something: an empty one, as of a variable that is not set, is no other way to say here."""

    def __init__(self) -> None:
        """Whatever is or is not there."""
        super().__init__(path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path; fails for an empty one."""
        if value == "":
            self.fail("expected a path, found nothing", param, ctx)
        return super().convert(value, param, ctx)


FAIL_ON_CHOICES: Final = ("critical", "high", "medium", "low", "info", "never")
IN_PLACE_CHOICES: Final = get_args(InPlace)

image_argument: Final = click.argument("image", metavar="IMAGE")


@dataclass(frozen=True)
class Reading:
    """How the image is read."""

    platform: str | None
    in_place: InPlace
    insecure: bool
    offline: bool
    username: str | None
    password_stdin: bool
    cache_dir: Path | None
    no_cache_read: bool
    jobs: int | None
    max_layer_size: int | None
    max_layer_entries: int | None


@dataclass(frozen=True)
class Telling:
    """How the result is told: the raw `-o` values and the most rows of a list (0 for all)."""

    output: tuple[str, ...]
    limit: int


def option(*names: str, **settings: Any) -> Decorator:
    """A click option that `LAYERSCOPE_NAME` sets too."""
    long = next(name for name in names if name.startswith("--"))
    variable = "LAYERSCOPE_" + long.removeprefix("--").upper().replace("-", "_")
    return click.option(*names, envvar=variable, **settings)


cache_dir_option: Final = option(
    "--cache-dir",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Keep what layers hold here instead of the user's cache directory.",
)
output_option: Final = option(
    "-o",
    "--output",
    multiple=True,
    metavar="FORMAT[=PATH]",
    help="terminal or json (diff, fix, check, audit: markdown, too; diff, check, audit: html; check, audit: sarif, "
    "junit, github, gitlab; audit: cyclonedx, spdx), to a file if named; repeatable.",
)
limit_option: Final = option(
    "--limit", type=click.IntRange(min=0), default=10, show_default=True, help="Most rows of a list; 0 for all."
)
fail_on_option: Final = option(
    "--fail-on",
    type=click.Choice(FAIL_ON_CHOICES),
    default="high",
    show_default=True,
    help="Least severity that makes the exit code 1.",
)
toc_option: Final = click.option(
    "--toc",
    "by_table",
    is_flag=True,
    help="Take a layer's files from its eStargz or zstd:chunked table of contents, if it has one: quick and unproved.",
)
base_option: Final = option(
    "--base", metavar="IMAGE", help="The image this one was built on, to tell its layers from your own."
)
ignore_base_option: Final = option(
    "--ignore-base",
    is_flag=True,
    help="Leave out what lies in the base image's layers alone; what --gpu, --driver and --fleet ask about stays.",
)
policy_dir_option: Final = option(
    "--policy-dir",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Tables of drivers, GPUs and releases to use in place of the built-in ones of the same name.",
)


def _set(attribute: str, wanted: bool) -> Callable[[click.Context, click.Parameter, bool], None]:
    """A callback that sets an attribute of the console when its flag is given."""

    def callback(context: click.Context, _parameter: click.Parameter, value: bool) -> None:
        console = context.find_object(Console)
        if value and console is not None:
            setattr(console, attribute, wanted)

    return callback


def _flag(*names: str, attribute: str, wanted: bool, explanation: str) -> Decorator:
    return option(*names, is_flag=True, expose_value=False, callback=_set(attribute, wanted), help=explanation)


_READING_OPTIONS: Final = (
    option("--platform", metavar="OS/ARCH[/VARIANT]", help="Which image of an index; default: linux on this machine."),
    option(
        "--in-place",
        type=click.Choice(IN_PLACE_CHOICES),
        default="auto",
        show_default=True,
        help="Read an engine's layers where it stores them, instead of asking it for an export.",
    ),
    option("--insecure", is_flag=True, help="Ask the registry by plain HTTP, wherever it is."),
    option("--offline", is_flag=True, help="Ask no registry: what earlier audits kept has to be enough."),
    click.option("--username", metavar="NAME", help="Who to be at IMAGE's registry; with --password-stdin."),
    click.option("--password-stdin", is_flag=True, help="Read the registry's password from standard input."),
    cache_dir_option,
    option("--no-cache-read", is_flag=True, help="Read every layer again; what is learned is still kept."),
    option("--jobs", type=click.IntRange(min=1), metavar="N", help="Layers read at once; default: one per processor."),
    option("--max-layer-size", type=parse_size, metavar="SIZE", help="Uncompressed bytes of one layer; default: 2TiB."),
    option(
        "--max-layer-entries",
        type=click.IntRange(min=1),
        metavar="N",
        help="Files of one layer; default: 20 million.",
    ),
)

_CONSOLE_FLAGS: Final = (
    _flag("-q", "--quiet", attribute="quiet", wanted=True, explanation="Say nothing but results and errors."),
    _flag("--no-color", attribute="color", wanted=False, explanation="Plain text; NO_COLOR does the same."),
    _flag("--no-progress", attribute="draws_progress", wanted=False, explanation="Draw no progress."),
    _flag("--debug", attribute="debug", wanted=True, explanation="Show the traceback of an error."),
)


def with_console(function: Function) -> Function:
    """Add the flags that decide how layerscope talks, and pass the console as `console`."""

    @click.pass_context
    def command(context: click.Context, /, *arguments: object, **options: object) -> int:
        console = context.find_object(Console)
        assert console is not None
        return function(*arguments, console=console, **options)

    return _apply(_CONSOLE_FLAGS, functools.update_wrapper(command, function))


def with_reading(function: Function) -> Function:
    """Add the options on how IMAGE is read, and pass them as `reading`."""
    return _apply(_READING_OPTIONS, _bundle(function, "reading", Reading))


def with_telling(function: Function) -> Function:
    """Add the options on how the result is told, and pass them as `telling`."""
    return _apply((output_option, limit_option), _bundle(function, "telling", Telling))


def _bundle(function: Function, name: str, record: type[Reading | Telling]) -> Function:
    """Collect the options that are fields of `record` into one argument of that name."""
    names = [item.name for item in fields(record)]

    @functools.wraps(function)
    def command(*arguments: object, **options: Any) -> int:
        options[name] = record(**{item: options.pop(item) for item in names})
        return function(*arguments, **options)

    return command


def _apply(decorators: Sequence[Decorator], function: Function) -> Function:
    for decorator in reversed(decorators):
        function = decorator(function)
    return function
