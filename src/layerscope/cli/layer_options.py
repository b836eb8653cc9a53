"""The options of `layerscope fix IMAGE --apply --layers`."""

import functools
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, Final

import click

from layerscope.fixes.surgery.times import LATEST
from layerscope.layers.scan import Compression

Function = Callable[..., int]


@dataclass(frozen=True)
class Surgery:
    """What is to be done to the layers: the raw values of the options."""

    applies: bool = False
    layers: bool = False
    to: str | None = None
    replaces: bool = False
    dropped: tuple[str, ...] = ()
    put: tuple[str, ...] = ()
    merged: str | None = None
    rebase: str | None = None
    changes: tuple[str, ...] = ()
    compression: str | None = None
    latest: int | None = None
    every_layer: bool = False
    reviewed: bool = False

    @property
    def edits_layers(self) -> bool:
        """Whether something is asked for that a build does not do."""
        asked = (self.layers, self.dropped, self.put, self.merged, self.rebase, self.compression, self.changes)
        return any(asked) or self.latest is not None or self.every_layer


_OPTIONS: Final = (
    click.option("--apply", "applies", is_flag=True, help="Make the fixed image, audit it, and say what changed."),
    click.option("--layers", is_flag=True, help="With --apply: from the layers of IMAGE, without a build."),
    click.option(
        "--to",
        metavar="DESTINATION",
        help="Where the new image goes: oci-dir:PATH, oci-archive:PATH, docker:NAME, podman:NAME, registry:NAME; "
        "--username is for that registry, too, unless IMAGE is in another one.",
    ),
    click.option("--replace", "replaces", is_flag=True, help="Take the place of what is at the destination."),
    click.option(
        "--drop", "dropped", multiple=True, metavar="PATH", help="Leave PATH, too, out of every layer; repeatable."
    ),
    click.option(
        "--put",
        multiple=True,
        metavar="SOURCE:PATH",
        help="Give PATH the content of SOURCE, a file here; in a new layer where no file is there; repeatable.",
    ),
    click.option(
        "--merge", "merged", metavar="FROM-TO", help="Make one layer of these, by the numbers that `layers` prints."
    ),
    click.option(
        "--change",
        "changes",
        multiple=True,
        metavar="INSTRUCTION",
        help="Change the config as USER, ENV, LABEL, CMD, … of a Dockerfile would, 'USER 1000'; repeatable.",
    ),
    click.option(
        "--rebase",
        metavar="NEW-BASE",
        help="Put the layers above the base image (--base) on this one, if the image works there as it did.",
    ),
    click.option(
        "--compress",
        "compression",
        type=click.Choice([each.value for each in Compression if each.is_standard]),
        help="How the layers of the new image are packed; default: each as it was.",
    ),
    click.option(
        "--times",
        "latest",
        metavar="SECONDS",
        type=click.IntRange(0, LATEST),
        help="Set times after SECONDS since 1970 (SOURCE_DATE_EPOCH) to it, in layers and config.",
    ),
    click.option(
        "--every-layer",
        is_flag=True,
        help="Take what is hidden out of the base image's layers, too, and out of those that get hardly smaller.",
    ),
    click.option("--reviewed", is_flag=True, help="Make those changes, too, that somebody should have read first."),
)


def with_surgery(function: Function) -> Function:
    """Add the options on layer surgery, and pass them as `surgery`."""

    @functools.wraps(function)
    def command(*arguments: object, **options: Any) -> int:
        options["surgery"] = Surgery(**{each.name: options.pop(each.name) for each in fields(Surgery)})
        return function(*arguments, **options)

    for add in reversed(_OPTIONS):
        command = add(command)
    return command
