"""Leaving out what the base image brings along: its findings are counted, not told."""

from dataclasses import replace

from layerscope.audit.result import INTEGRITY_CODES, AuditResult
from layerscope.errors import UsageError
from layerscope.rules.finding import Finding


def ignore_base(result: AuditResult) -> AuditResult:
    """The audit without the findings that lie in layers of the base image alone, but for damage.

    Raises UsageError where it is not known which layers those are.
    """
    if result.base is None or not result.base.layers:
        claimed = f" ({result.base.reference} is claimed by its {result.base.evidence} alone)" if result.base else ""
        raise UsageError(
            f"--ignore-base: expected to know which layers of {result.image.reference} are its base's{claimed}; "
            "name the base image with --base"
        )
    kept = tuple(finding for finding in result.findings if not _is_base(finding, result))
    return replace(result, findings=kept, ignored=len(result.findings) - len(kept))


def _is_base(finding: Finding, result: AuditResult) -> bool:
    layers = [place.layer for place in finding.locations if place.layer is not None]
    is_about_config = any(place.layer is None and place.path is None for place in finding.locations)
    if not layers or is_about_config or finding.code in INTEGRITY_CODES:
        return False
    return all(layer < len(result.layers) and result.layers[layer].origin == "base" for layer in layers)
