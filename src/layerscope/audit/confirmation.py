"""Confirmation: findings in an image's files that explain why its probe broke."""

from typing import Final

from layerscope.audit.evidence import find_evidence
from layerscope.audit.result import AuditResult
from layerscope.facts.fact import Evidence
from layerscope.facts.probe.broken_stage import Confirmed
from layerscope.policies.policies import Policies
from layerscope.probe.known_errors import find_root_error
from layerscope.probe.probed import Probed
from layerscope.rules.finding import Finding

MOST: Final = 3
"""Findings that one broken stage confirms: more would say that none explains it."""

SHOWN_PLACES: Final = 3


def find_confirmed(result: AuditResult, probed: Probed, policies: Policies) -> tuple[Finding, ...]:
    """The findings that the first broken stage bears out: by the cause that was found, else by what was printed."""
    seen, verdict = probed.seen, probed.verdict
    if seen is None or verdict is None or verdict.is_good:
        return ()
    by_cause = [finding for finding in result.findings if finding.rule in verdict.explained_by]
    if by_cause or verdict.cause:
        return tuple(by_cause[:MOST])
    explanation = find_root_error(seen, policies)
    if explanation is None:
        return ()
    return find_evidence(result, explanation, policies).telling[:MOST]


def tell_confirmed(finding: Finding) -> Confirmed:
    """A finding as a fact may hold it."""
    places = tuple(Evidence(place.layer, place.path) for place in finding.locations[:SHOWN_PLACES])
    return Confirmed(finding.code, finding.rule, places)
