"""The order of findings: the worst first, then by code and place, the same in every report."""

from collections.abc import Iterable

from layerscope.rules.finding import Finding, Location


def order_findings(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings, the worst first; among equals, what ends GPU work of the whole image leads.

    What a config lacks stands after what the files hold.
    """
    return sorted(findings, key=_rank)


def ends_everything(finding: Finding) -> bool:
    """Whether nothing of the image computes on a GPU as long as a finding holds."""
    return finding.ends_gpu_work and not finding.concerns


def _rank(finding: Finding) -> tuple[int, bool, bool, str, int, list[tuple[int, str]], str]:
    places = [_place(location) for location in finding.locations]
    is_of_config = finding.code.startswith("CONF")
    return (
        -finding.severity,
        not ends_everything(finding),
        is_of_config,
        finding.code,
        -finding.wasted,
        places,
        finding.message,
    )


def _place(location: Location) -> tuple[int, str]:
    return (-1 if location.layer is None else location.layer, location.path or "")
