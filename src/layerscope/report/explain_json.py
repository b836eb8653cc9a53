"""Errors explained, for a program."""

from collections.abc import Sequence

from layerscope.audit.evidence import find_evidence
from layerscope.audit.result import AuditResult
from layerscope.policies.errors import ErrorRow
from layerscope.policies.explanation import Explanation
from layerscope.policies.policies import Policies
from layerscope.report.json_format import build_finding
from layerscope.report.json_parts import build_image, head_document
from layerscope.report.json_text import encode_json
from layerscope.rules.order import order_findings


def render_explanations_json(
    explanations: Sequence[Explanation],
    suggestions: Sequence[ErrorRow],
    *,
    result: AuditResult | None = None,
    policies: Policies | None = None,
) -> str:
    """All errors with all that is known of them; suggestions where none was recognised."""
    return encode_json(
        {
            **head_document(),
            "image": build_image(result.image, result.layers, result.base) if result is not None else None,
            "errors": [_build_explanation(explanation, result, policies) for explanation in explanations],
            "suggestions": [{"id": row.id, "title": row.title} for row in suggestions],
        }
    )


def _build_explanation(
    explanation: Explanation, result: AuditResult | None, policies: Policies | None
) -> dict[str, object]:
    return {
        "id": explanation.id,
        "title": explanation.title,
        "recognised_by": explanation.likeness.name.lower(),
        "quotes": list(explanation.quotes),
        "values": dict(explanation.values),
        "when": explanation.when,
        "silent": explanation.silent,
        "meaning": explanation.meaning,
        "causes": list(explanation.causes),
        "host": list(explanation.host),
        "image": list(explanation.image),
        "cures": [{"title": cure.title, "commands": list(cure.commands)} for cure in explanation.cures],
        "rules": list(explanation.rules),
        "threads": list(explanation.threads),
        "source": explanation.source,
        "evidence": _build_evidence(explanation, result, policies) if result is not None else None,
    }


def _build_evidence(explanation: Explanation, result: AuditResult, policies: Policies | None) -> dict[str, object]:
    evidence = find_evidence(result, explanation, policies)
    return {
        "checked": list(evidence.checked),
        "named": [build_finding(finding, result) for finding in order_findings(evidence.named)],
        "related": [build_finding(finding, result) for finding in order_findings(evidence.related)],
        "facts": [{"text": each.text, "bearing": str(each.bearing)} for each in evidence.statements],
        "not_judged": list(evidence.unjudged),
        "complete": result.is_whole and not result.gaps,
    }
