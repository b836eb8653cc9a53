"""Joining an audit with a probe: the probe's facts beside those of the files, and findings that each bears on."""

from collections.abc import Mapping
from dataclasses import replace as replace_result
from typing import Final

from msgspec.structs import replace

from layerscope.audit.confirmation import find_confirmed, find_seen, tell_confirmed
from layerscope.audit.probed_gpu import judge_probed_gpu
from layerscope.audit.result import AuditResult
from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.probe.live_libraries import LiveLibraries, TwiceLoadedLibrary
from layerscope.facts.probe.lost_output import LostOutput
from layerscope.policies.policies import Policies
from layerscope.probe.facts import collect_needs, collect_probe_facts
from layerscope.probe.live_libraries import compare_libraries, read_mapped
from layerscope.probe.loader_trace import read_trace
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
    result = judge_probed_gpu(result, probed.seen, policies)
    root, mapped = probed.verdict.root or "start", read_mapped(probed.seen)
    causes = find_confirmed(result, probed, policies)
    stages = {**find_seen(result, probed.seen, mapped), **dict.fromkeys(causes, root)}
    live = [
        *collect_probe_facts(probed.seen, probed.verdict, map(tell_confirmed, causes)),
        *collect_needs(probed.trials),
        *compare_libraries(mapped, result.facts, result.tree.get, lambda name: _is_injected(policies, name)),
    ]
    facts = FactSet([*result.facts, *(_link(fact, stages) for fact in live)])
    kept = tuple(_confirm(each, stages[each]) if each in stages else each for each in result.findings)
    found = tuple(_share_cures(each, causes) for each in check_rules(facts, select=CODES))
    codes = tuple(sorted({finding.code for finding in stages}))
    traced = read_trace(probed.seen, result.facts)
    told = replace(probed, confirmed=codes, libraries=facts.find(LiveLibraries), traced=traced)
    return replace_result(result, facts=facts, findings=(*kept, *found), probed=told)


def _is_injected(policies: Policies, name: str) -> bool:
    """Whether the NVIDIA runtime brings a library."""
    return policies.injected.find_capability(name) is not None


def _link(fact: Fact, stages: Mapping[Finding, str]) -> Fact:
    """A fact that a finding in the files tells of already, with that finding's code."""
    for finding in stages:
        if isinstance(fact, LostOutput) and finding.rule == "buffered-python-output":
            return replace(fact, told_by=finding.code)
        paths = {place.path for place in finding.locations}
        if isinstance(fact, TwiceLoadedLibrary) and paths.issuperset(fact.paths):
            return replace(fact, told_by=finding.code)
    return fact


def _confirm(finding: Finding, stage: str) -> Finding:
    """A finding that is no guess any more."""
    return replace(finding, confidence=Confidence.HIGH, confirmed=stage)


def _share_cures(finding: Finding, causes: tuple[Finding, ...]) -> Finding:
    """A finding of the probe that names others is cured as they are, so that a plan says it once."""
    cures = tuple(dict.fromkeys(fix for each in causes for fix in each.fixes if each.code in finding.message))
    return replace(finding, fixes=cures) if cures else finding
