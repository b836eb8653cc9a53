"""Findings come in the same order in every report."""

from itertools import permutations

from layerscope.report.order import order_findings
from layerscope.rules.severity import Severity
from support.results import make_finding


def test_findings_are_ordered_by_severity_code_bytes_and_place() -> None:
    """The order they were found in does not matter, and a place may lack a layer or a path."""
    ordered = [
        make_finding("CONF002", severity=Severity.HIGH),
        make_finding("CUDA020", (5, "z")),
        make_finding("LAY101", (3, "z"), wasted=9),
        make_finding("LAY101", (None, "a"), wasted=1),
        make_finding("LAY101", (0, "a"), wasted=1),
        make_finding("LAY101", (0, "b"), wasted=1),
        make_finding("CONF001", wasted=9),
    ]
    assert all(order_findings(found) == ordered for found in permutations(ordered))
