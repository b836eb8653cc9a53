"""Interpreters out of support are told by the table, not by the clock."""

from layerscope.facts.python.releases import EndedRelease, EndedReleaseCollector
from support.contexts import collect, make_context
from support.python_files import interpreter


def test_tells_interpreters_of_ended_series() -> None:
    """3.8 is over; the one of the operating system is marked."""
    context = make_context([*interpreter(series="3.8"), *interpreter("usr", "3.7"), *interpreter("opt/p", "3.13")])
    found = collect(EndedReleaseCollector, context).of(EndedRelease)
    assert [(each.series, each.is_of_distribution) for each in found] == [("3.7", True), ("3.8", False)]
