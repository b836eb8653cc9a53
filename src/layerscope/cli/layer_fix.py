"""`layerscope fix IMAGE --apply --layers`: the options, and from them to a new image that is proved."""

import functools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

import click

from layerscope.audit.applied import Applied, LayerFix, apply_layer_fix
from layerscope.audit.options import AuditOptions
from layerscope.audit.result import AuditResult
from layerscope.cli.console import Console
from layerscope.cli.options import Reading
from layerscope.cli.progress import show_progress
from layerscope.errors import UsageError
from layerscope.fixes.destinations.destination import Destination
from layerscope.fixes.destinations.registry import RegistryDestination
from layerscope.fixes.destinations.select import select_destination
from layerscope.fixes.layer_choice import LayerChoice
from layerscope.fixes.surgery.cuts import Range
from layerscope.fixes.surgery.new_content import read_new_file
from layerscope.fixes.surgery.times import LATEST
from layerscope.layers.path import normalise_path
from layerscope.layers.scan import Compression
from layerscope.rules.layer_edit import DropPath

_RANGE: Final = re.compile(r"([0-9]{1,4})-([0-9]{1,4})")

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
    compression: str | None = None
    latest: int | None = None
    reviewed: bool = False


_OPTIONS: Final = (
    click.option("--apply", "applies", is_flag=True, help="Make the fixed image, audit it, and say what changed."),
    click.option("--layers", is_flag=True, help="With --apply: from the layers of IMAGE, without a build."),
    click.option(
        "--to",
        metavar="DESTINATION",
        help="Where the new image goes: oci-dir:PATH, oci-archive:PATH, docker:NAME, podman:NAME, registry:NAME.",
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
        "--rebase",
        metavar="NEW-BASE",
        help="Put the layers above the base image (--base) on this one, if the image works there as it did.",
    ),
    click.option(
        "--compress",
        "compression",
        type=click.Choice([each.value for each in Compression]),
        help="How the layers of the new image are packed; default: each as it was.",
    ),
    click.option(
        "--times",
        "latest",
        metavar="SECONDS",
        type=click.IntRange(0, LATEST),
        help="Set times after SECONDS since 1970 (SOURCE_DATE_EPOCH) to it, in layers and config.",
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


def open_destination(surgery: Surgery, reading: Reading) -> Destination | None:
    """Where the image goes, once that is free; None where none is to be made. Raises UsageError and SourceError."""
    if not surgery.applies:
        if surgery != Surgery():
            raise UsageError("options on how layers are changed: expected --apply --layers beside them")
        return None
    if not surgery.layers:
        raise UsageError("--apply: expected --layers beside it")
    if surgery.to is None:
        raise UsageError("--apply --layers: expected --to DESTINATION, the place of the new image")
    destination = select_destination(surgery.to, replaces=surgery.replaces, insecure=reading.insecure)
    if reading.offline and isinstance(destination, RegistryDestination):
        raise UsageError(f"--offline: expected a --to that is on this host, found {destination.where}")
    find_put(surgery.put)
    parse_range(surgery.merged)
    destination.check()
    return destination


def parse_range(text: str | None) -> Range | None:
    """The layers that are to become one; raises UsageError."""
    if text is None:
        return None
    match = _RANGE.fullmatch(text)
    if match is None or int(match[1]) >= int(match[2]):
        raise UsageError(f"--merge {text!r}: expected FROM-TO, the numbers of two layers, the lower one first")
    return Range(int(match[1]), int(match[2]))


def find_put(texts: Sequence[str]) -> dict[str, Path]:
    """The files that are to be put, by path in the image; raises UsageError."""
    found: dict[str, Path] = {}
    for text in texts:
        source, _, name = text.rpartition(":/")
        path, _ = normalise_path("/" + name)
        if not source or not path or name.endswith("/"):
            raise UsageError(f"--put {text!r}: expected SOURCE:PATH, a file here and its path from the image's root")
        if path in found:
            raise UsageError(f"--put {text!r}: another one puts a file at /{path} as well; expected one")
        if not Path(source).is_file():
            raise UsageError(f"--put {text!r}: there is no file {source!r} here")
        found[path] = Path(source)
    return found


def apply_layers(
    before: AuditResult,
    surgery: Surgery,
    destination: Destination,
    chosen: LayerChoice,
    *,
    options: AuditOptions,
    console: Console,
) -> Applied | None:
    """The new image, or None where nothing is to be changed; raises UsageError, SourceError and ImageError."""
    dropped = tuple(DropPath(_find_path(path, before)) for path in surgery.dropped)
    compression = Compression(surgery.compression) if surgery.compression else None
    files = {path: read_new_file(source) for path, source in find_put(surgery.put).items()}
    fix = LayerFix(
        (*chosen.edits, *dropped), chosen.cures, compression, surgery.latest, files, parse_range(surgery.merged)
    )
    if fix.is_idle:
        return None
    try:
        with show_progress(console) as progress:
            return apply_layer_fix(before, fix, destination, options=options, progress=progress)
    except OSError as error:
        what = f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}"
        raise UsageError(f"writing {destination.where}: {what}; nothing was written") from error


def _find_path(text: str, before: AuditResult) -> str:
    """A path that some layer has, be it hidden by a later one; raises UsageError where none has it."""
    path, _ = normalise_path(text)
    if not path:
        raise UsageError(f"--drop {text!r}: expected the path of a file or folder below the root")
    scans = (layer.scan for layer in before.layers if layer.scan is not None)
    if path not in before.tree and not any(path in scan.index.paths for scan in scans):
        raise UsageError(f"--drop {text!r}: no layer has it; expected a path as layers name it: links are not followed")
    return path
