"""`layerscope fix IMAGE --apply --layers`: the options, and from them to a new image that is proved."""

import re
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Final

from layerscope.audit.applied import Applied, apply_layer_fix, changes_nothing
from layerscope.audit.layer_fix import LayerFix
from layerscope.audit.options import AuditOptions
from layerscope.audit.result import AuditResult
from layerscope.cli.console import Console
from layerscope.cli.interrupted_write import tell_interrupted
from layerscope.cli.layer_options import Surgery
from layerscope.cli.layer_rebase import check_alone, rebase_layers
from layerscope.cli.options import Reading
from layerscope.cli.progress import show_progress
from layerscope.cli.proof_probe import ProofProbe
from layerscope.errors import UsageError
from layerscope.fixes.destinations.destination import Destination
from layerscope.fixes.destinations.registry import RegistryDestination
from layerscope.fixes.destinations.select import select_destination
from layerscope.fixes.layer_choice import LayerChoice
from layerscope.fixes.surgery.config_changes import parse_changes
from layerscope.fixes.surgery.cuts import Range
from layerscope.fixes.surgery.new_content import read_new_file
from layerscope.layers.anomaly import ESCAPING_NAME
from layerscope.layers.path import normalise_path
from layerscope.layers.scan import Compression
from layerscope.rules.layer_edit import DropPath
from layerscope.sources.registry.credentials import Credential

_RANGE: Final = re.compile(r"([0-9]{1,4})-([0-9]{1,4})")


def open_destination(
    surgery: Surgery, reading: Reading, codes: Collection[str], credential: Credential | None = None
) -> Destination | None:
    """Where the image goes, once that is free; None where none is to be made. Raises UsageError and SourceError.

    `credential` is for a registry that is written to.
    """
    if not surgery.applies:
        if surgery == Surgery(reviewed=True):
            raise UsageError("--reviewed: expected --write with --file DOCKERFILE, or --apply, beside it")
        if surgery != Surgery():
            raise UsageError("options on how layers are changed: expected --apply --layers beside them")
        return None
    if not surgery.layers:
        raise UsageError("--apply: expected --layers or --build beside it")
    if surgery.to is None:
        raise UsageError("--apply --layers: expected --to DESTINATION, the place of the new image")
    destination = select_destination(
        surgery.to, replaces=surgery.replaces, insecure=reading.insecure, credential=credential
    )
    if reading.offline and isinstance(destination, RegistryDestination):
        raise UsageError(f"--offline: expected a --to that is on this host, found {destination.where}")
    check_alone(surgery, codes)
    find_put(surgery.put)
    parse_range(surgery.merged)
    parse_changes(surgery.changes)
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
        path, oddities = normalise_path("/" + name)
        if not source or not path or ESCAPING_NAME in oddities or name.endswith("/"):
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
    reading: Reading,
    *,
    options: AuditOptions,
    console: Console,
    proof: ProofProbe | None = None,
) -> Applied | None:
    """The new image, or None where nothing is to be changed.

    Raises UsageError, SourceError and ImageError, and ProbeError where the image as it is cannot be probed.
    """
    if surgery.rebase is not None:
        return rebase_layers(before, surgery, destination, reading, options=options, console=console, proof=proof)
    dropped = tuple(DropPath(_find_path(path, before)) for path in surgery.dropped)
    compression = Compression(surgery.compression) if surgery.compression else None
    files = {path: read_new_file(source) for path, source in find_put(surgery.put).items()}
    fix = LayerFix(
        (*chosen.edits, *dropped),
        chosen.cures,
        compression,
        surgery.latest,
        files,
        parse_range(surgery.merged),
        parse_changes(surgery.changes),
        surgery.every_layer,
        is_reviewed=surgery.reviewed,
    )
    if fix.is_idle or changes_nothing(before, fix):
        return None
    try:
        with tell_interrupted(destination, console), show_progress(console) as progress:
            begin = None if proof is None else proof.begin
            return apply_layer_fix(before, fix, destination, options=options, progress=progress, begin=begin)
    except OSError as error:
        what = f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}"
        raise UsageError(f"writing {destination.where}: {what}; nothing was written") from error


def _find_path(text: str, before: AuditResult) -> str:
    """A path that some layer has, be it hidden by a later one; raises UsageError where none has it."""
    path, oddities = normalise_path(text)
    if not path or ESCAPING_NAME in oddities:
        raise UsageError(f"--drop {text!r}: expected the path of a file or folder below the root")
    scans = (layer.scan for layer in before.layers if layer.scan is not None)
    if path not in before.tree and not any(path in scan.index.paths for scan in scans):
        raise UsageError(f"--drop {text!r}: no layer has it; expected a path as layers name it: links are not followed")
    return path
