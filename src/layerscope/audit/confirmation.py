"""Confirmation: findings in an image's files that explain why its probe broke."""

import re
from collections.abc import Collection, Mapping
from typing import Final

from layerscope.audit.evidence import find_evidence
from layerscope.audit.result import AuditResult
from layerscope.facts.elf.shadowed_libraries import ShadowedLibrary
from layerscope.facts.fact import Evidence
from layerscope.facts.probe.broken_stage import Confirmed
from layerscope.policies.error_search import find_explanations
from layerscope.policies.explanation import Explanation
from layerscope.policies.policies import Policies
from layerscope.probe.known_errors import find_root_error
from layerscope.probe.live_libraries import MOMENTS, Mapped
from layerscope.probe.observation import Observation, StageResult
from layerscope.probe.probed import Probed
from layerscope.probe.verdict import Outcome
from layerscope.rules.finding import Finding

MOST: Final = 3
"""Findings that one broken stage confirms: more would say that none explains it."""

SHOWN_PLACES: Final = 3

_MISSING_NAME: Final = re.compile(
    r"cannot import name '(?P<name>\w{1,100})' from (?:partially initialized module )?'(?P<module>[\w.]{1,200})'"
)

_BY_SIGNAL: Final = {"demanding-cpu": "SIGILL", "truncated-object": "SIGBUS"}
"""The signals by which what a rule finds shows itself."""

_NO_STAGE: Final = StageResult("visibility", "not reached")


def find_confirmed(result: AuditResult, probed: Probed, policies: Policies) -> tuple[Finding, ...]:
    """The findings that the first broken stage bears out: by the cause that was found, else by what was printed."""
    seen, verdict = probed.seen, probed.verdict
    if seen is None or verdict is None or verdict.is_good:
        return ()
    by_cause = [finding for finding in result.findings if finding.rule in verdict.explained_by]
    if by_cause or verdict.cause:
        return tuple(by_cause[:MOST])
    ended = {end.signal for end in seen.ends if end.signal} if verdict.outcome is Outcome.CRASH else set()
    by_signal = [each for each in result.findings if _BY_SIGNAL.get(each.rule) in ended]
    if by_signal:
        return tuple(by_signal[:MOST])
    explanation = find_root_error(seen, policies) or _find_missing_name(seen, policies)
    if explanation is None:
        return ()
    return find_evidence(result, explanation, policies).telling[:MOST]


def _find_missing_name(seen: Observation, policies: Policies) -> Explanation | None:
    """What a package does not have under a name that is imported from it, as if it were a module that is not there."""
    match = _MISSING_NAME.search(seen.broken.detail) if seen.broken is not None else None
    if match is None:
        return None
    found = find_explanations(policies.errors, f"No module named '{match['module']}.{match['name']}'")
    return found[0] if found else None


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
