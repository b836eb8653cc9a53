"""Confirmation: findings in an image's files that explain why its probe broke."""

from collections.abc import Collection, Mapping
from typing import Final

from layerscope.audit.evidence import find_evidence
from layerscope.audit.result import AuditResult
from layerscope.facts.elf.shadowed_libraries import ShadowedLibrary
from layerscope.facts.fact import Evidence
from layerscope.facts.probe.broken_stage import Confirmed
from layerscope.policies.policies import Policies
from layerscope.probe.known_errors import find_root_error
from layerscope.probe.live_libraries import MOMENTS, Mapped
from layerscope.probe.observation import Observation, StageResult
from layerscope.probe.probed import Probed
from layerscope.rules.finding import Finding

MOST: Final = 3
"""Findings that one broken stage confirms: more would say that none explains it."""

SHOWN_PLACES: Final = 3

_NO_STAGE: Final = StageResult("visibility", "not reached")


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


def find_seen(result: AuditResult, seen: Observation, mapped: Collection[Mapped]) -> dict[Finding, str]:
    """Findings in the files that the running image bears out without breaking, each with the stage that shows it."""
    stages = {moment: stage for stage, moment in MOMENTS.items()}
    moments = {each.path: each.moment for each in mapped}
    found: dict[Finding, str] = {}
    for finding in result.findings:
        paths = [place.path for place in finding.locations if place.path in moments]
        if finding.rule == "shadowed-library" and _is_shadow_live(finding, result, moments):
            found[finding] = stages[moments[paths[0] or ""]]
        elif finding.rule == "duplicate-runtime-library" and len(paths) > 1:
            found[finding] = stages[moments[paths[-1] or ""]]
        elif finding.rule == "buffered-python-output" and (seen.find("visibility") or _NO_STAGE).kind == "muted":
            found[finding] = "visibility"
    return found


def _is_shadow_live(finding: Finding, result: AuditResult, moments: Mapping[str, str]) -> bool:
    """Whether a library that LD_LIBRARY_PATH puts in front is in memory, and the one that was meant is not."""
    paths = {place.path for place in finding.locations}
    return any(
        fact.winner.path in paths and fact.winner.path in moments and fact.shadowed.path not in moments
        for fact in result.facts.of(ShadowedLibrary)
    )


def tell_confirmed(finding: Finding) -> Confirmed:
    """A finding as a fact may hold it."""
    places = tuple(Evidence(place.layer, place.path) for place in finding.locations[:SHOWN_PLACES])
    return Confirmed(finding.code, finding.rule, places)
