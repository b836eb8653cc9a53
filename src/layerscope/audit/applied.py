"""A fix applied to an image's layers, and the proof: the result is audited, and compared with what it was made of."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from layerscope import __version__
from layerscope.audit.dropped_needs import find_dropped_needs
from layerscope.audit.layer_fix import LayerFix
from layerscope.audit.objections import count_late, find_objections
from layerscope.audit.options import AuditOptions
from layerscope.audit.pipeline import audit_image
from layerscope.audit.result import AuditedLayer, AuditResult
from layerscope.diff.findings import Graver, compare_findings
from layerscope.errors import ImageError
from layerscope.fixes.destinations.destination import Destination
from layerscope.fixes.surgery.cut_planner import plan_cuts
from layerscope.fixes.surgery.cuts import ImageCuts
from layerscope.fixes.surgery.image_writer import ImageChange, NewImage, write_image
from layerscope.fixes.surgery.merge_planner import plan_merge
from layerscope.fixes.surgery.put_planner import plan_files
from layerscope.image.history import BuildStep
from layerscope.layers.scan import LayerScan
from layerscope.progress import Progress
from layerscope.rules.finding import Finding
from layerscope.rules.layer_edit import DropPath
from layerscope.sources.layout import LayoutSource

Prove = Callable[[Path, NewImage, AuditResult, Progress], Sequence[str]]
"""Says what is wrong with a new image, of which the layout is finished, the audit made, and nothing put anywhere."""

BeginProof = Callable[[Progress], Prove]
"""Looks at the image as it is, once it is known what is to be changed, and before anything is written."""

_JUDGED_BY_TIMES: Final = frozenset({"LAY201", "LAY202"})
"""Findings that go by when steps were made, of which clamped times and merged steps say nothing more."""


@dataclass(frozen=True)
class Rebase:
    """From which base image to which, by name and number of layers, and what changed in the config for that."""

    old: str
    old_layers: int
    new: str
    new_layers: int
    changes: tuple[str, ...]


@dataclass(frozen=True)
class Applied:
    """An image before and after, and what became of its findings.

    `added` has what is `graver` now, too. `objections` say what the proof found: with any, the new image went nowhere.
    """

    before: AuditResult
    after: AuditResult
    new: NewImage
    cuts: ImageCuts
    variables: Mapping[str, str | None]
    removed: tuple[Finding, ...]
    added: tuple[Finding, ...]
    objections: tuple[str, ...]
    destination: str
    rebase: Rebase | None = None
    changes: tuple[str, ...] = ()
    hides_credentials: bool = False
    graver: tuple[Graver, ...] = ()
    missed: tuple[str, ...] = ()
    """What was dropped although the container starts with it, since somebody has read so."""

    @property
    def clamped(self) -> int:
        """How many entries got another time."""
        return 0 if self.cuts.latest is None else count_late(self.before, self.cuts.latest)

    @property
    def unshared(self) -> tuple[int, ...]:
        """The layers that the image had in common with its base image, and has no more."""
        layers = enumerate(self.new.layers[: self.before.base_layers] if self.rebase is None else ())
        return tuple(number for number, written in layers if written is None or not written.is_kept)

    @property
    def repacked(self) -> int:
        """How many layers of an image on another base were packed in a way that OCI has no media type for."""
        layers = self.new.layers if self.rebase is not None else ()
        return sum(written is not None and not written.is_kept for written in layers)

    @property
    def is_proved(self) -> bool:
        """Whether the new image is what it should be."""
        return not self.objections


class LayerOutcome(StrEnum):
    """What became of a layer."""

    KEPT = "kept"
    REWRITTEN = "rewritten"
    LEFT_OUT = "left out"
    ADDED = "added"
    MERGED = "merged"


class LayerChange(NamedTuple):
    """A layer by its number in the old image, or above it, stored bytes before and after, and its step.

    None stands for bytes of a layer that is not there.
    """

    number: int
    outcome: LayerOutcome
    before: int | None
    after: int | None
    step: BuildStep | None


def list_layer_changes(applied: Applied) -> list[LayerChange]:
    """Every layer of the old image, lowest first, and a new one above them; of another base, its layers come first."""
    if applied.rebase is not None:
        return list(_iter_rebased(applied, applied.rebase))
    merged = applied.cuts.merge.merged.layers if applied.cuts.merge is not None else range(0)
    changes = []
    for layer, written in zip(applied.before.layers, applied.new.layers, strict=True):
        size = None if written is None else written.descriptor.size
        if layer.index in merged:
            outcome = LayerOutcome.MERGED
        elif written is None:
            outcome = LayerOutcome.LEFT_OUT
        else:
            outcome = LayerOutcome.KEPT if written.is_kept else LayerOutcome.REWRITTEN
        changes.append(LayerChange(layer.index, outcome, layer.size or 0, size, layer.step))
    if applied.new.top is not None:
        step = applied.after.layers[-1].step
        changes.append(LayerChange(len(changes), LayerOutcome.ADDED, None, applied.new.top.descriptor.size, step))
    return changes


def _iter_rebased(applied: Applied, rebase: Rebase) -> Iterator[LayerChange]:
    """Layers of the new base by their numbers in the new image, then those of the old one by their old numbers."""
    for layer in applied.after.layers[: rebase.new_layers]:
        yield LayerChange(layer.index, LayerOutcome.ADDED, None, layer.size or 0, layer.step)
    for layer in applied.before.layers[: rebase.old_layers]:
        yield LayerChange(layer.index, LayerOutcome.LEFT_OUT, layer.size or 0, None, layer.step)
    own, written = applied.before.layers[rebase.old_layers :], applied.new.layers[rebase.new_layers :]
    for layer, new in zip(own, written, strict=True):
        is_kept = new is None or new.is_kept
        outcome = LayerOutcome.KEPT if is_kept else LayerOutcome.REWRITTEN
        after = layer.size if new is None or is_kept else new.descriptor.size
        yield LayerChange(layer.index, outcome, layer.size or 0, after or 0, layer.step)


def apply_layer_fix(
    before: AuditResult,
    fix: LayerFix,
    destination: Destination,
    *,
    options: AuditOptions,
    progress: Progress,
    begin: BeginProof | None = None,
) -> Applied:
    """Make the new image beside its place, audit it, and put it there if it is what it should be.

    `begin` gives what else is to prove that; what it raises comes before anything is written.

    Raises UsageError where the place is taken or a wish cannot be met, SourceError, ImageError and OSError; then
    nothing is left behind.
    """
    scans = find_scans(before.layers)
    cuts = _plan(before, fix)
    prove = None if begin is None else begin(progress)
    with destination.open_workplace() as place:
        layout = place / "layout"
        layout.mkdir()
        new = write_image(
            before.image,
            scans,
            ImageChange(cuts, fix.compression, fix.variables, fix.changes, hides_credentials=fix.hides_credentials),
            layout,
            annotations=destination.annotations,
            provenance=_tell_provenance(before, fix),
            base_layers=before.base_layers,
            progress=progress,
        )
        progress.note("auditing the new image")
        after = audit_layout(layout, destination, options, progress)
        found = compare_findings(before.findings, after.findings, cures=fix.cures)
        removed = found.removed
        if fix.latest is not None or fix.merged is not None:
            removed, cuts = _tell_unseen(removed, cuts)
        objections = tuple(find_objections(before, after, fix, cuts, found=found))
        objections = objections or tuple(prove(layout, new, after, progress) if prove is not None else ())
        if not objections:
            progress.note(f"putting the new image to {destination.where}")
            destination.publish(layout, new)
    return Applied(
        before,
        after,
        new,
        cuts,
        fix.variables,
        removed,
        found.added,
        objections,
        destination.where,
        changes=tuple(change.text for change in fix.changes),
        hides_credentials=fix.hides_credentials,
        graver=found.graver,
        missed=tuple(find_dropped_needs(before, after, fix)) if fix.is_reviewed else (),
    )


def changes_nothing(before: AuditResult, fix: LayerFix) -> bool:
    """Whether all that is meant is hidden in layers that stay as they are, and nothing else is to be done."""
    return fix.drops_hidden_alone and _plan(before, fix).is_idle


def _plan(before: AuditResult, fix: LayerFix) -> ImageCuts:
    """What is to change in which layer; raises UsageError for what cannot be."""
    tree, base_layers = before.tree, before.base_layers
    cuts = plan_cuts(tree, fix.layer_edits, fix.files.keys(), base_layers=base_layers, every_layer=fix.every_layer)
    dropped = {edit.path for edit in fix.layer_edits if isinstance(edit, DropPath)}
    cuts = replace(plan_files(tree, cuts, fix.files, dropped=dropped), latest=fix.latest)
    return cuts if fix.merged is None else plan_merge(tree.stack.indexes, cuts, fix.merged)


def audit_layout(layout: Path, destination: Destination, options: AuditOptions, progress: Progress) -> AuditResult:
    """What is to be said of the new image, which is called as it will be: its workplace is gone then."""
    after = audit_image(LayoutSource(str(layout)), options=replace(options, base=None), progress=progress)
    return replace(after, image=replace(after.image, reference=destination.where))


def find_scans(layers: Sequence[AuditedLayer]) -> list[LayerScan]:
    """What was read of every layer; raises ImageError where one was not read to its end."""
    scans = []
    for layer in layers:
        if layer.scan is None or layer.scan.damage is not None:
            raise ImageError(f"editing layer {layer.index}: it could not be read to its end, expected a whole one")
        scans.append(layer.scan)
    return scans


def _tell_provenance(before: AuditResult, fix: LayerFix) -> dict[str, object]:
    """What was done to which image, for the annotation; two builds of the same files are not told apart by `latest`."""
    image = before.image
    put = {path: f"sha256:{file.digest.hex()}" for path, file in sorted(fix.files.items())}
    source = {"config": image.config_digest, "manifest": image.manifest_digest} if fix.latest is None else {}
    return {
        "tool": f"layerscope {__version__}",
        **{name: str(digest) for name, digest in source.items() if digest is not None},
        "edits": msgspec.to_builtins(fix.edits),
        **({"put": put} if put else {}),
        **({"change": [change.text for change in fix.changes]} if fix.changes else {}),
        **({"merge": str(fix.merged)} if fix.merged is not None else {}),
        **({"compression": fix.compression.value} if fix.compression is not None else {}),
        **({"latest": fix.latest} if fix.latest is not None else {}),
    }


def _tell_unseen(removed: Sequence[Finding], cuts: ImageCuts) -> tuple[tuple[Finding, ...], ImageCuts]:
    """The findings that are cured, and cuts that tell of those which only cannot be seen any more."""
    unseen = [finding for finding in removed if finding.code in _JUDGED_BY_TIMES]
    told = [f"{finding.code} is not cured, the times it goes by are gone: {finding.message}" for finding in unseen]
    return tuple(each for each in removed if each not in unseen), replace(cuts, left=(*cuts.left, *told))
