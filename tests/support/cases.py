"""The two sides of a rule: facts that it flags, and their nearest neighbours that it does not."""

from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.rules.finding import Finding
from layerscope.rules.rule import Rule


def flags(rule: type[Rule], *facts: Fact) -> tuple[Finding, ...]:
    """What the rule finds in these facts, which must be something; each finding bears its code and name."""
    findings = tuple(rule().check(FactSet(facts)))
    assert findings, f"{rule.code} found nothing"
    assert {(finding.code, finding.rule, finding.title) for finding in findings} == {
        (rule.code, rule.name(), rule.title())
    }
    return findings


def ignores(rule: type[Rule], *facts: Fact) -> None:
    """Hold the rule to finding nothing in these facts."""
    findings = tuple(rule().check(FactSet(facts)))
    assert findings == (), f"{rule.code} found {[finding.message for finding in findings]}"
