"""Leaving out what the base image brings along: its findings are counted, not told."""

from dataclasses import replace

from layerscope.audit.blocked import find_blocker
from layerscope.audit.result import INTEGRITY_CODES, AuditResult
from layerscope.errors import UnknownBaseError
from layerscope.facts.cuda.gpu_verdict import Cause
from layerscope.rules.finding import Finding


def ignore_base(result: AuditResult) -> AuditResult:
    """The audit without the findings that lie in layers of the base image alone.

    Damage stays, and so does what answers a question about GPUs and drivers: a base image on which a GPU that was
    asked about does not compute is no base for it.

    Raises UnknownBaseError where it is not known which layers those are.
    """
    if result.base is None or not result.base.layers:
        claimed = f" ({result.base.reference} is claimed by its {result.base.evidence} alone)" if result.base else ""
        raise UnknownBaseError(
            f"--ignore-base: expected to know which layers of {result.image.reference} are its base's{claimed}; "
            "name the base image with --base"
        )
    answers = _find_answers(result)
    kept = tuple(finding for finding in result.findings if finding in answers or not _is_base(finding, result))
    return replace(result, findings=kept, ignored=len(result.findings) - len(kept))


def _find_answers(result: AuditResult) -> list[Finding]:
    """The findings that answer what was asked, among them the one that blocks what was asked about."""
    answers = [finding for finding in result.findings if finding.is_answer]
    is_blocked = any(each.cause is Cause.BLOCKED and (each.is_asked or each.driver) for each in result.gpus)
    blocker = find_blocker(result.findings, result.facts) if is_blocked else None
    return answers if blocker is None else [*answers, blocker]


def _is_base(finding: Finding, result: AuditResult) -> bool:
    layers = [place.layer for place in finding.locations if place.layer is not None]
    is_about_config = any(place.layer is None and place.path is None for place in finding.locations)
    if not layers or is_about_config or finding.code in INTEGRITY_CODES:
        return False
    return all(layer < len(result.layers) and result.layers[layer].origin == "base" for layer in layers)
