"""A check as plain data."""

from collections import Counter

from layerscope.gate.suppression import Suppression
from layerscope.gate.verdict import ImageVerdict, JudgedFinding
from layerscope.report.context import RenderContext
from layerscope.report.gate.json_v1 import (
    BreachV1,
    CheckedImageV1,
    CheckSummaryV1,
    CheckV1,
    JudgedFindingV1,
    MeasureV1,
    SuppressionV1,
)
from layerscope.report.gate.words import GateReport, tell_summary
from layerscope.report.json_format import build_finding
from layerscope.report.json_parts import build_tool
from layerscope.report.json_text import encode_json


def render_check_json(report: GateReport, context: RenderContext) -> str:
    """The whole check; no list is cut."""
    outcome = report.outcome
    states = Counter(verdict.state.value for verdict in outcome.verdicts)
    return encode_json(
        CheckV1(
            schema_version=1,
            tool=build_tool(),
            summary=CheckSummaryV1(
                kept=not context.exit_code,
                text=tell_summary(outcome),
                states=dict(sorted(states.items())),
                exit_code=context.exit_code,
            ),
            images=list(map(_build_image, outcome.verdicts)),
            expired=list(map(_build_suppression, outcome.expired)),
            unused=list(map(_build_suppression, outcome.unused)),
            unmatched=list(map(_build_suppression, outcome.unmatched)),
            gone=outcome.gone,
        )
    )


def _build_image(verdict: ImageVerdict) -> CheckedImageV1:
    subject = verdict.subject
    image = subject.result.image if subject is not None else None
    return CheckedImageV1(
        name=verdict.name,
        state=verdict.state.value,
        trouble=verdict.trouble,
        digest=str(image.manifest_digest or image.config_digest) if image is not None else None,
        platform=str(subject.platform) if subject is not None else None,
        unchecked=list(map(str, verdict.unchecked)),
        size=subject.size if subject is not None else None,
        source=image.source if image is not None else None,
        notes=list(image.notes) if image is not None else [],
        against=(subject.reference_name or None) if subject is not None else None,
        base=subject.result.base.reference if subject is not None and subject.result.base is not None else None,
        ignored=subject.result.ignored if subject is not None else 0,
        limits=[MeasureV1(each.limit, each.about, each.found, each.allowed, each.is_kept) for each in verdict.measures],
        breaches=[BreachV1(each.limit, each.message, each.detail, each.remedy) for each in verdict.breaches],
        findings=[_build_finding(each, verdict) for each in verdict.findings],
    )


def _build_finding(judged: JudgedFinding, verdict: ImageVerdict) -> JudgedFindingV1:
    assert verdict.subject is not None, "a finding comes from an image that was audited"
    return JudgedFindingV1(
        disposition=judged.disposition.value,
        fingerprint=judged.fingerprint,
        suppression=_build_suppression(judged.suppression) if judged.suppression is not None else None,
        accepted=str(judged.accepted) if judged.accepted is not None else None,
        finding=build_finding(judged.finding, verdict.subject.result),
    )


def _build_suppression(suppression: Suppression) -> SuppressionV1:
    return SuppressionV1(
        place=suppression.place,
        rule=suppression.rule,
        path=suppression.path,
        image=suppression.image,
        reason=suppression.reason,
        expires=str(suppression.expires) if suppression.expires is not None else None,
    )
