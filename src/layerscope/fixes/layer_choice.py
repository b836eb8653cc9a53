"""Which findings are cured in the layers and the config themselves, and by which edits."""

from collections.abc import Collection, Iterable

from msgspec import Struct

from layerscope.rules.config_edit import ConfigEdit
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Safety
from layerscope.rules.layer_edit import LayerEdit


class LayerChoice(Struct, frozen=True):
    """Edits, each once, and the findings that they remove."""

    edits: tuple[LayerEdit | ConfigEdit, ...]
    cures: tuple[Finding, ...]


def choose_layer_fixes(
    findings: Iterable[Finding], *, codes: Collection[str] = (), reviewed: bool = False
) -> LayerChoice:
    """The edits for all findings that have some, or for those of these codes; only safe ones unless `reviewed`."""
    edits: dict[LayerEdit | ConfigEdit, None] = {}
    cures = []
    for finding in findings:
        fix = next((fix for fix in finding.fixes if fix.edits), None)
        if fix is None or (codes and finding.code not in codes):
            continue
        if reviewed or fix.safety is Safety.SAFE:
            edits.update(dict.fromkeys(fix.edits))
            cures.append(finding)
    return LayerChoice(tuple(edits), tuple(cures))
