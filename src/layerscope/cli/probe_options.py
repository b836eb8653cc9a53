"""Options that say where a probe runs, and how closed: each defined once, passed as one value."""

import functools
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, Final

import click

from layerscope.cli.options import Function
from layerscope.errors import UsageError
from layerscope.probe.emit import EMITTERS

ENGINE, BUNDLE = "engine", "bundle"
RUNTIMES: Final = (ENGINE, BUNDLE)
VARIANTS: Final = ("auto", "hardened", "default")


@dataclass(frozen=True)
class Place:
    """Where the probe runs."""

    emit: str | None
    read_file: str | None
    nonce: str
    runtime: str
    variant: str
    recipe: bool


_OPTIONS: Final[tuple[Callable[[Function], Function], ...]] = (
    click.option("--emit", type=click.Choice(tuple(EMITTERS)), help="Print what runs the probe elsewhere."),
    click.option("--read", "read_file", metavar="FILE", help="Report on the log of such a run; - for standard input."),
    click.option("--nonce", default="", metavar="WORD", help="The word of the records that --read takes."),
    click.option(
        "--runtime", type=click.Choice(RUNTIMES), default="engine", show_default=True,
        help="What starts the image: its engine, or without any, runc, crun or bare namespaces on an unpacked copy.",
    ),
    click.option(
        "--variant", type=click.Choice(VARIANTS), default="auto", show_default=True,
        help="Locked down, as engines run it by default, or the second only to explain a failure of the first.",
    ),
    click.option("--recipe", is_flag=True, help="Print the flags by which the image was seen to run, locked down."),
)  # fmt: skip


def with_place(function: Function) -> Function:
    """Add the options, and pass them as `place`."""

    @functools.wraps(function)
    def command(*arguments: object, **options: Any) -> int:
        place = Place(**{item.name: options.pop(item.name) for item in fields(Place)})
        _check(place)
        return function(*arguments, place=place, **options)

    decorated: Function = command
    for decorate in reversed(_OPTIONS):
        decorated = decorate(decorated)
    return decorated


def _check(place: Place) -> None:
    """Raise UsageError for options that contradict each other."""
    if place.emit and place.read_file:
        raise UsageError("--emit and --read: expected one of them")
    if place.read_file and place.runtime != ENGINE:
        raise UsageError(f"--read and --runtime {place.runtime}: a log is read, and nothing is started")
    if place.nonce and not place.read_file:
        raise UsageError("--nonce: expected it with --read")
