"""`layerscope fix IMAGE --apply --layers --rebase NEW-BASE`: which bases are meant, and from them to a new image."""

from collections.abc import Collection
from dataclasses import replace

from layerscope.audit.applied import Applied
from layerscope.audit.options import AuditOptions
from layerscope.audit.read_image import read_documents, read_image
from layerscope.audit.rebased import apply_rebase, check_read
from layerscope.audit.result import AuditResult
from layerscope.cli.console import Console
from layerscope.cli.image_access import choose_source
from layerscope.cli.interrupted_write import tell_interrupted
from layerscope.cli.layer_options import Surgery
from layerscope.cli.options import Reading
from layerscope.cli.progress import show_progress
from layerscope.cli.proof_probe import ProofProbe
from layerscope.errors import UsageError
from layerscope.fixes.destinations.destination import Destination
from layerscope.sources.select import find_registry
from layerscope.sources.source import Source


def check_alone(surgery: Surgery, codes: Collection[str]) -> None:
    """Raise UsageError where more than the base is to change: an image is fixed before or afterwards."""
    if surgery.rebase is None:
        return
    where = {"applies", "layers", "to", "replaces", "rebase"}
    plain = replace(Surgery(), **{name: getattr(surgery, name) for name in where})
    if surgery != plain or codes:
        raise UsageError("--rebase: expected no other change beside it; fix the new image afterwards")


def rebase_layers(
    before: AuditResult,
    surgery: Surgery,
    destination: Destination,
    reading: Reading,
    *,
    options: AuditOptions,
    console: Console,
    proof: ProofProbe | None,
) -> Applied:
    """The image on its new base; raises UsageError, SourceError, ImageError and ProbeError."""
    assert surgery.rebase is not None, "a new base is named"
    if options.platform is None and before.image.config.platform.is_known:
        options = replace(options, platform=before.image.config.platform.normal)
    image = before.image.reference
    below = options.base or _choose(_name_old_base(before), image, reading)
    above = _choose(surgery.rebase, image, reading, random_access=True)
    try:
        with tell_interrupted(destination, console), show_progress(console) as progress:
            old = read_documents(below, options=options, progress=progress)
            progress.note("reading the new base")
            new = read_image(above, options=options, progress=progress)
            check_read(new)
            begin = None if proof is None else proof.begin
            return apply_rebase(before, old, new, destination, options=options, progress=progress, begin=begin)
    except OSError as error:
        what = f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}"
        raise UsageError(f"writing {destination.where}: {what}; nothing was written") from error


def _choose(base: str, image: str, reading: Reading, *, random_access: bool = False) -> Source:
    """The source of a base; the leave to ask in the clear is for the image's registry, and a password is read once."""
    registry = find_registry(base)
    is_same = registry is not None and registry == find_registry(image)
    reading = replace(reading, username=None, password_stdin=False, insecure=reading.insecure and is_same)
    return choose_source(base, reading, random_access=random_access)


def _name_old_base(before: AuditResult) -> str:
    """The base that the image names itself; raises UsageError where it names none."""
    if before.base is None or not before.base.reference:
        raise UsageError("--rebase: expected --base OLD beside it, since the image does not say what it was built on")
    return before.base.reference
