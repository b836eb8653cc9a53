"""`layerscope fix IMAGE --apply --layers`: the options, and from them to a new image that is proved."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import click

from layerscope.audit.applied import Applied, LayerFix, apply_layer_fix
from layerscope.audit.options import AuditOptions
from layerscope.audit.result import AuditResult
from layerscope.cli.console import Console
from layerscope.cli.options import Reading
from layerscope.cli.progress import show_progress
from layerscope.cli.proof_probe import ProofProbe
from layerscope.errors import UsageError
from layerscope.fixes.destinations.destination import Destination
from layerscope.fixes.destinations.registry import RegistryDestination
from layerscope.fixes.destinations.select import select_destination
from layerscope.fixes.layer_choice import LayerChoice
from layerscope.layers.path import normalise_path
from layerscope.layers.scan import Compression
from layerscope.rules.layer_edit import DropPath

Function = Callable[..., int]


@dataclass(frozen=True)
class Surgery:
    """What is to be done to the layers: the raw values of the options."""

    applies: bool
    layers: bool
    to: str | None
    replaces: bool
    dropped: tuple[str, ...]
    compression: str | None
    reviewed: bool


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
        "--compress",
        "compression",
        type=click.Choice([each.value for each in Compression]),
        help="How the layers of the new image are packed; default: each as it was.",
    ),
    click.option("--reviewed", is_flag=True, help="Make those changes, too, that somebody should have read first."),
)
_FIELDS: Final = ("applies", "layers", "to", "replaces", "dropped", "compression", "reviewed")


def with_surgery(function: Function) -> Function:
    """Add the options on layer surgery, and pass them as `surgery`."""

    @functools.wraps(function)
    def command(*arguments: object, **options: Any) -> int:
        options["surgery"] = Surgery(**{name: options.pop(name) for name in _FIELDS})
        return function(*arguments, **options)

    for add in reversed(_OPTIONS):
        command = add(command)
    return command


def open_destination(surgery: Surgery, reading: Reading) -> Destination | None:
    """Where the image goes, once that is free; None where none is to be made. Raises UsageError and SourceError."""
    if not surgery.applies:
        extra = [surgery.layers, surgery.to, surgery.replaces, surgery.dropped, surgery.compression, surgery.reviewed]
        if any(extra):
            raise UsageError("options on how layers are changed: expected --apply --layers beside them")
        return None
    if not surgery.layers:
        raise UsageError("--apply: expected --layers or --build beside it")
    if surgery.to is None:
        raise UsageError("--apply --layers: expected --to DESTINATION, the place of the new image")
    destination = select_destination(surgery.to, replaces=surgery.replaces, insecure=reading.insecure)
    if reading.offline and isinstance(destination, RegistryDestination):
        raise UsageError(f"--offline: expected a --to that is on this host, found {destination.where}")
    destination.check()
    return destination


def apply_layers(
    before: AuditResult,
    surgery: Surgery,
    destination: Destination,
    chosen: LayerChoice,
    *,
    options: AuditOptions,
    console: Console,
    proof: ProofProbe | None = None,
) -> Applied | None:
    """The new image, or None where nothing is to be changed; raises UsageError, SourceError and ImageError."""
    dropped = tuple(DropPath(_find_path(path, before)) for path in surgery.dropped)
    compression = Compression(surgery.compression) if surgery.compression else None
    fix = LayerFix((*chosen.edits, *dropped), chosen.cures, compression)
    if not fix.edits and compression is None:
        return None
    prove = None if proof is None else proof.judge_layout
    try:
        with show_progress(console) as progress:
            return apply_layer_fix(before, fix, destination, options=options, progress=progress, prove=prove)
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
