"""Collectors run one after the other, and none can end the audit."""

from collections.abc import Iterator

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap
from layerscope.facts.layers.weight import ImageWeight
from layerscope.facts.run import collect_facts
from support.contexts import make_context
from support.tar_member import file


class Sound(Collector):
    """Yields a fact and a gap."""

    name = "test.sound"

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield both."""
        del context
        yield Gap("b", "layer 1", "why")
        yield Fact(Evidence(layer=1))


class Broken(Collector):
    """Yields a fact and fails."""

    name = "test.broken"

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield one fact."""
        yield Fact(Evidence(layer=len(context.scans)))
        raise KeyError("a path that is not there")


def test_keeps_facts_in_order_and_sorts_gaps() -> None:
    """Equal gaps are told once."""
    facts, gaps = collect_facts(make_context([file("a")]), collectors=(Sound(), Sound()))
    assert len(facts.of(Fact)) == 2
    assert gaps == (Gap("b", "layer 1", "why"),)


def test_a_collector_that_fails_becomes_a_gap() -> None:
    """It is named, what it found before is kept, and the next one runs."""
    facts, gaps = collect_facts(make_context([file("a")]), collectors=(Broken(), Sound()))
    assert len(facts.of(Fact)) == 2
    why = "the collector failed: KeyError: 'a path that is not there'"
    assert Gap("facts of test.broken", "image", why, is_own_failure=True) in gaps


def test_runs_every_collector_by_default() -> None:
    """A plain image gives facts and no gap but that it has no history."""
    facts, gaps = collect_facts(make_context([file("a", b"content")]))
    assert facts.find(ImageWeight) is not None
    assert [gap.what for gap in gaps] == ["build steps"]


def test_an_image_without_layers_gives_facts_too() -> None:
    """Nothing divides by nothing."""
    _, gaps = collect_facts(make_context())
    assert gaps == ()
