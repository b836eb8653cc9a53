"""The order of findings: the worst first, then by code and place, the same in every report."""

from collections.abc import Iterable

from layerscope.rules.finding import Finding, Location


def order_findings(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings, the worst first."""
    return sorted(findings, key=_rank)


def _rank(finding: Finding) -> tuple[int, str, int, list[tuple[int, str]], str]:
    places = [_place(location) for location in finding.locations]
    return (-finding.severity, finding.code, -finding.wasted, places, finding.message)


def _place(location: Location) -> tuple[int, str]:
    return (-1 if location.layer is None else location.layer, location.path or "")
