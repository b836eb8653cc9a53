"""Runs the rules over one image's facts."""

from collections.abc import Collection

from layerscope.facts.fact_set import FactSet
from layerscope.rules.finding import Finding, Location
from layerscope.rules.registry import RULES


def check_rules(facts: FactSet, *, select: Collection[str] | None = None) -> tuple[Finding, ...]:
    """The findings of all rules, or of those whose codes or names are selected: worst first, then by code and place.

    Of equal severity, what a config lacks for good manners stands after what the files are unfit for.
    """
    chosen = [rule for rule in RULES if select is None or rule.code in select or rule.name() in select]
    findings = [finding for rule in chosen for finding in rule.check(facts)]
    return tuple(sorted(findings, key=_order))


def _order(finding: Finding) -> tuple[int, bool, str, list[tuple[int, str]], str]:
    """Where a finding stands; the message decides between findings at the same place."""
    places = [_place(location) for location in finding.locations]
    return (-finding.severity, finding.code.startswith("CONF"), finding.code, places, finding.message)


def _place(location: Location) -> tuple[int, str]:
    """A location that can be compared."""
    return (-1 if location.layer is None else location.layer, location.path or "")
