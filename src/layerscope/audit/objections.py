"""Why a new image is not what was wanted: the proof of a fix, before the image is put anywhere."""

from collections.abc import Sequence

from layerscope.audit.compared_findings import identify
from layerscope.audit.layer_fix import LayerFix
from layerscope.audit.result import AuditResult
from layerscope.fixes.surgery.cuts import ImageCuts
from layerscope.fixes.surgery.tree_check import find_differences
from layerscope.layers.pax import NANOSECONDS
from layerscope.rules.finding import Finding
from layerscope.rules.layer_edit import DropPath


def count_late(result: AuditResult, latest: int) -> int:
    """How many entries of all layers have a time after `latest` seconds."""
    scans = (layer.scan for layer in result.layers if layer.scan is not None)
    return sum(time > latest * NANOSECONDS for scan in scans for time in scan.index.mtimes_ns)


def _find_late_layers(after: AuditResult, latest: int) -> list[str]:
    """That entries which nobody sees, too, have no time after `latest` seconds, or else how many have."""
    late = count_late(after, latest)
    return [f"{late:,} entries still have a time after {latest} seconds since 1970"] if late else []


def find_objections(
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
    objections += find_differences(before.tree, after.tree, cuts)
    if fix.latest is not None:
        objections += _find_late_layers(after, fix.latest)
    if not after.is_intact:
        objections.append("the new image is not intact")
    return objections


def _find_stayed(after: AuditResult, fix: LayerFix) -> list[str]:
    """The paths that were to go from every layer, and did not."""
    paths = [edit.path for edit in fix.layer_edits if isinstance(edit, DropPath)]
    held = {path for layer in after.layers if layer.scan is not None for path in layer.scan.index.paths}
    return [path for path in paths if path in held]


def _tell_why(path: str, cuts: ImageCuts) -> str:
    return next((reason for reason in cuts.left if reason.startswith(f"/{path} ")), "no reason is known")
