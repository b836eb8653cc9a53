"""Findings come in the same order in every report."""

from itertools import permutations

from msgspec.structs import replace

from layerscope.rules.order import order_findings
from layerscope.rules.severity import Severity
from support.results import make_finding


def test_findings_are_ordered_by_severity_code_bytes_and_place() -> None:
    """What ends all GPU work leads its severity; a place may lack a layer or a path."""
    ordered = [
        replace(make_finding("CUDA031", severity=Severity.HIGH), ends_gpu_work=True),
        make_finding("CUDA004", (1, "a"), severity=Severity.HIGH),
        replace(make_finding("ELF004", severity=Severity.HIGH), ends_gpu_work=True, concerns=("a",)),
        make_finding("CONF002", severity=Severity.HIGH),
        make_finding("CUDA020", (5, "z")),
        make_finding("LAY101", (3, "z"), wasted=9),
        make_finding("LAY101", (None, "a"), wasted=1),
        make_finding("LAY101", (0, "a"), wasted=1),
        make_finding("LAY101", (0, "b"), wasted=1),
        make_finding("CONF001", wasted=9),
    ]
    assert order_findings(reversed(ordered)) == ordered
    assert all(order_findings(found) == ordered[3:] for found in permutations(ordered[3:]))
