"""Joining an audit with a probe: the probe's facts beside those of the files, and findings that each bears on."""

from dataclasses import replace as replace_result
from typing import Final

from msgspec.structs import replace

from layerscope.audit.confirmation import find_confirmed, tell_confirmed
from layerscope.audit.result import AuditResult
from layerscope.facts.fact_set import FactSet
from layerscope.policies.policies import Policies
from layerscope.probe.facts import collect_probe_facts
from layerscope.probe.probed import Probed
from layerscope.rules import probe
from layerscope.rules.finding import Finding
from layerscope.rules.run import check_rules
from layerscope.rules.severity import Confidence

CODES: Final = frozenset(rule.code for rule in probe.RULES)


def add_probe(result: AuditResult, probed: Probed, policies: Policies) -> AuditResult:
    """The audit with its probe: findings that the probe confirms say so, and what it alone shows is found, too."""
    if probed.seen is None or probed.verdict is None:
        return replace_result(result, probed=probed)
    confirmed = find_confirmed(result, probed, policies)
    live = collect_probe_facts(probed.seen, probed.verdict, map(tell_confirmed, confirmed))
    facts = FactSet([*result.facts, *live])
    kept = tuple(_confirm(each, probed) if each in confirmed else each for each in result.findings)
    found = tuple(_share_cures(each, confirmed) for each in check_rules(facts, select=CODES))
    told = replace(probed, confirmed=tuple(dict.fromkeys(finding.code for finding in confirmed)))
    return replace_result(result, facts=facts, findings=(*kept, *found), probed=told)


def _confirm(finding: Finding, probed: Probed) -> Finding:
    """A finding that is no guess any more."""
    assert probed.verdict is not None, "without a verdict nothing is confirmed"
    return replace(finding, confidence=Confidence.HIGH, confirmed=probed.verdict.root or "start")


def _share_cures(finding: Finding, confirmed: tuple[Finding, ...]) -> Finding:
    """A finding of the probe that names others is cured as they are, so that a plan says it once."""
    cures = tuple(dict.fromkeys(fix for each in confirmed for fix in each.fixes if each.code in finding.message))
    return replace(finding, fixes=cures) if cures else finding
