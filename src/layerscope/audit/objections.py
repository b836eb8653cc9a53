"""Why a new image is not what was wanted: the proof of a fix, before the image is put anywhere."""

from typing import Final

from layerscope.audit.dropped_needs import find_dropped_needs
from layerscope.audit.layer_fix import LayerFix
from layerscope.audit.result import AuditResult
from layerscope.diff.findings import ComparedFindings, Graver, list_left, tell_added, tell_apart
from layerscope.fixes.surgery.cuts import ImageCuts
from layerscope.fixes.surgery.tree_check import find_differences
from layerscope.layers.pax import NANOSECONDS
from layerscope.rules.finding import Finding
from layerscope.rules.layer_edit import DropPath

CREDENTIALS: Final = frozenset({"CONF002", "CONF003"})
"""Findings about credentials in the config, of which a value that stands at several places is told at one."""

_LEADS: Final = {
    "ENV": "The environment variable ",
    "LABEL": "The label ",
    "CMD": "The command ",
    "ENTRYPOINT": "The command ",
}
"""How the message about a credential begins that an instruction may have brought."""


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
    found: ComparedFindings,
) -> list[str]:
    """Why the new image is not what was wanted."""
    objections = [
        f"{finding.code} is still there: {finding.message}; --only chooses others"
        for finding in list_left(before.findings, after.findings, fix.cures)
        if finding.wasted > _sum_spared(finding, fix, cuts)
    ]
    objections += [f"/{path} is still there: {_tell_why(path, cuts)}" for path in _find_stayed(after, fix)]
    if not fix.is_reviewed:
        objections += [f"{each}; --reviewed drops it all the same" for each in find_dropped_needs(before, after, fix)]
    objections += [_tell_added(finding, fix, found.graver) for finding in found.added]
    objections += find_differences(before.tree, after.tree, cuts)
    if fix.latest is not None:
        objections += _find_late_layers(after, fix.latest)
    if not after.is_intact:
        objections.append("the new image is not intact")
    return objections


def _tell_added(finding: Finding, fix: LayerFix, graver: tuple[Graver, ...]) -> str:
    """A credential that no change brings was there before, told at a place that is gone now: each is told once."""
    leads = tuple(_LEADS[change.instruction.keyword] for change in fix.changes if change.instruction.keyword in _LEADS)
    is_graver = any(each.finding is finding for each in graver)
    if finding.code not in CREDENTIALS or finding.message.startswith(leads) or is_graver:
        return tell_added(finding, graver)
    return f"{finding.code} is left: {finding.message}; it was not told before, as its value stood elsewhere, too"


def _sum_spared(finding: Finding, fix: LayerFix, cuts: ImageCuts) -> int:
    """The bytes that a finding may still tell of, as layers that have them were to stay as they are; -1 for none."""
    edits = {
        edit
        for cured in fix.cures
        if tell_apart(cured) == tell_apart(finding)
        for each in cured.fixes
        for edit in each.edits
    }
    sizes = [size for layer in cuts.spared for edit, size in layer.meant.items() if edit in edits]
    return sum(sizes) if sizes else -1


def _find_stayed(after: AuditResult, fix: LayerFix) -> list[str]:
    """The paths that were to go from every layer, and did not."""
    paths = [edit.path for edit in fix.layer_edits if isinstance(edit, DropPath)]
    held = {path for layer in after.layers if layer.scan is not None for path in layer.scan.index.paths}
    return [path for path in paths if path in held]


def _tell_why(path: str, cuts: ImageCuts) -> str:
    return next((reason for reason in cuts.left if reason.startswith(f"/{path} ")), "no reason is known")
