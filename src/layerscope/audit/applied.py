"""A fix applied to an image's layers, and the proof: the result is audited, and compared with what it was made of."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

import msgspec

from layerscope import __version__
from layerscope.audit.compared_findings import compare_findings, identify
from layerscope.audit.options import AuditOptions
from layerscope.audit.pipeline import audit_image
from layerscope.audit.result import AuditedLayer, AuditResult
from layerscope.errors import ImageError
from layerscope.fixes.destinations.destination import Destination
from layerscope.fixes.surgery.cut_planner import plan_cuts
from layerscope.fixes.surgery.cuts import ImageCuts
from layerscope.fixes.surgery.image_writer import ImageChange, NewImage, write_image
from layerscope.fixes.surgery.tree_check import find_differences
from layerscope.layers.scan import Compression, LayerScan
from layerscope.progress import Progress
from layerscope.rules.config_edit import ConfigEdit, SetVariable
from layerscope.rules.finding import Finding
from layerscope.rules.layer_edit import DropPath, LayerEdit
from layerscope.sources.layout import LayoutSource

Prove = Callable[[Path, NewImage, AuditResult, Progress], Sequence[str]]
"""Says what is wrong with a new image, of which the layout is finished, the audit made, and nothing put anywhere."""


@dataclass(frozen=True)
class LayerFix:
    """What is to be done to an image's layers: the edits, the findings they are to remove, and how blobs are packed."""

    edits: tuple[LayerEdit | ConfigEdit, ...]
    cures: tuple[Finding, ...]
    compression: Compression | None = None

    @property
    def layer_edits(self) -> tuple[LayerEdit, ...]:
        """The edits of layers."""
        return tuple(edit for edit in self.edits if not isinstance(edit, SetVariable))

    @property
    def variables(self) -> dict[str, str | None]:
        """The variables that get a value, or go."""
        return {edit.name: edit.value for edit in self.edits if isinstance(edit, SetVariable)}


@dataclass(frozen=True)
class Applied:
    """An image before and after, and what became of its findings.

    `objections` say what the proof found: with any, the new image went nowhere.
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

    @property
    def is_proved(self) -> bool:
        """Whether the new image is what it should be."""
        return not self.objections


class LayerOutcome(StrEnum):
    """What became of a layer."""

    KEPT = "kept"
    REWRITTEN = "rewritten"
    LEFT_OUT = "left out"


class LayerChange(NamedTuple):
    """A layer of the old image by its number, its stored bytes, and those of the new one; None where there is none."""

    number: int
    outcome: LayerOutcome
    before: int
    after: int | None


def list_layer_changes(applied: Applied) -> list[LayerChange]:
    """Every layer of the old image, lowest first."""
    changes = []
    for layer, written in zip(applied.before.layers, applied.new.layers, strict=True):
        if written is None:
            outcome, size = LayerOutcome.LEFT_OUT, None
        else:
            outcome = LayerOutcome.KEPT if written.is_kept else LayerOutcome.REWRITTEN
            size = written.descriptor.size
        changes.append(LayerChange(layer.index, outcome, layer.size or 0, size))
    return changes


def apply_layer_fix(
    before: AuditResult,
    fix: LayerFix,
    destination: Destination,
    *,
    options: AuditOptions,
    progress: Progress,
    prove: Prove | None = None,
) -> Applied:
    """Make the new image beside its place, audit it, and put it there if it is what it should be, by `prove` as well.

    Raises UsageError where the place is taken, SourceError, ImageError and OSError; then nothing is left behind.
    """
    scans = _find_scans(before.layers)
    cuts = plan_cuts(before.tree, fix.layer_edits)
    with destination.open_workplace() as place:
        layout = place / "layout"
        layout.mkdir()
        new = write_image(
            before.image,
            scans,
            ImageChange(cuts, fix.compression, fix.variables),
            layout,
            annotations=destination.annotations,
            provenance=_tell_provenance(before, fix),
            base_holds=_has_base_held(before, cuts),
            progress=progress,
        )
        progress.note("auditing the new image")
        after = _audit_layout(layout, destination, options, progress)
        removed, added = compare_findings(before.findings, after.findings)
        objections = tuple(_find_objections(before, after, fix, cuts, added=added))
        if not objections and prove is not None:
            objections = tuple(prove(layout, new, after, progress))
        if not objections:
            progress.note(f"putting the new image to {destination.where}")
            destination.publish(layout, new)
    return Applied(before, after, new, cuts, fix.variables, removed, added, objections, destination.where)


def _audit_layout(layout: Path, destination: Destination, options: AuditOptions, progress: Progress) -> AuditResult:
    """What is to be said of the new image, which is called as it will be: its workplace is gone then."""
    after = audit_image(LayoutSource(str(layout)), options=replace(options, base=None), progress=progress)
    return replace(after, image=replace(after.image, reference=destination.where))


def _find_scans(layers: Sequence[AuditedLayer]) -> list[LayerScan]:
    """What was read of every layer; raises ImageError where one was not read to its end."""
    scans = []
    for layer in layers:
        if layer.scan is None or layer.scan.damage is not None:
            raise ImageError(f"editing layer {layer.index}: it could not be read to its end, expected a whole one")
        scans.append(layer.scan)
    return scans


def _tell_provenance(before: AuditResult, fix: LayerFix) -> dict[str, object]:
    """What was done to which image, for the annotation."""
    image = before.image
    return {
        "tool": f"layerscope {__version__}",
        "config": str(image.config_digest),
        **({"manifest": str(image.manifest_digest)} if image.manifest_digest is not None else {}),
        "edits": msgspec.to_builtins(fix.edits),
        **({"compression": fix.compression.value} if fix.compression is not None else {}),
    }


def _has_base_held(before: AuditResult, cuts: ImageCuts) -> bool:
    """Whether the layers of the base image are known, and stay as they are."""
    if before.base is None or not before.base.layers:
        return False
    return not any(cuts.layers[: before.base.layers])


def _find_stayed(after: AuditResult, fix: LayerFix) -> list[str]:
    """The paths that were to go from every layer, and did not."""
    paths = [edit.path for edit in fix.layer_edits if isinstance(edit, DropPath)]
    held = {path for layer in after.layers if layer.scan is not None for path in layer.scan.index.paths}
    return [path for path in paths if path in held]


def _tell_why(path: str, cuts: ImageCuts) -> str:
    return next((reason for reason in cuts.left if reason.startswith(f"/{path} ")), "no reason is known")


def _find_objections(
    before: AuditResult,
    after: AuditResult,
    fix: LayerFix,
    cuts: ImageCuts,
    *,
    added: Sequence[Finding],
) -> list[str]:
    """Why the new image is not what was wanted."""
    left = set(map(identify, after.findings))
    objections = [
        f"{finding.code} is still there: {finding.message}; --only chooses others"
        for finding in fix.cures
        if identify(finding) in left
    ]
    objections += [f"/{path} is still there: {_tell_why(path, cuts)}" for path in _find_stayed(after, fix)]
    objections += [f"{finding.code} is new: {finding.message}" for finding in added]
    objections += find_differences(before.tree, after.tree, cuts.paths)
    if not after.is_intact:
        objections.append("the new image is not intact")
    return objections
