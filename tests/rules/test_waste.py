"""Severity of waste grows with its bytes and its share of the image."""

import pytest

from layerscope.facts.fact_set import FactSet
from layerscope.rules.severity import Severity
from layerscope.rules.waste import judge_waste, share_of_image
from support.sample_facts import MB, weight


@pytest.mark.parametrize(
    ("size", "total", "severity"),
    [
        (999_999, 2 * MB, Severity.INFO),
        (1 * MB, 100 * MB, Severity.LOW),
        (10 * MB, 100 * MB, Severity.MEDIUM),
        (100 * MB, 100_000 * MB, Severity.MEDIUM),
        (999 * MB, 1000 * MB, Severity.MEDIUM),
        (1000 * MB, 100_000 * MB, Severity.HIGH),
    ],
)
def test_judges_bytes_and_share(size: int, total: int, severity: Severity) -> None:
    """A megabyte, a hundred or a tenth, a gigabyte."""
    assert judge_waste(size, FactSet([weight(total)])) is severity


def test_judges_bytes_alone_where_the_weight_is_unknown() -> None:
    """Then nothing is a share of it."""
    assert judge_waste(50 * MB, FactSet([])) is Severity.LOW
    assert share_of_image(50 * MB, FactSet([])) == 0
