"""Anomalies of a layer's tar are grouped by kind."""

import pytest

from layerscope.facts.layers.anomalies import EXAMPLES, TOO_MUCH_WORK, LayerAnomaly, LayerAnomalyCollector
from layerscope.layers import unpack_order
from layerscope.layers.limits import MAX_ANOMALIES
from support.contexts import collect, collect_gaps, make_context
from support.tar_member import file, hardlink


def test_groups_by_layer_and_kind() -> None:
    """With the meaning of the kind, and whether runtimes refuse it."""
    context = make_context([hardlink("a", "nowhere"), hardlink("b", "b"), file("/c")], steps=["ADD rootfs.tar /"])
    facts = {fact.kind: fact for fact in collect(LayerAnomalyCollector, context).of(LayerAnomaly)}
    assert facts["dangling-hardlink"].count == 2
    assert facts["dangling-hardlink"].is_refused
    assert not facts["absolute-name"].is_refused
    assert "strip" in facts["absolute-name"].meaning
    assert facts["absolute-name"].instruction == "ADD rootfs.tar /"


def test_names_the_first_of_very_many() -> None:
    """The others are counted."""
    context = make_context([file(f"/f{number}") for number in range(EXAMPLES + 5)])
    (fact,) = collect(LayerAnomalyCollector, context).of(LayerAnomaly)
    assert fact.count == EXAMPLES + 5
    assert len(fact.places) == EXAMPLES


def test_counts_those_that_the_index_does_not_name() -> None:
    """One kind hides no other, and each is counted to its end."""
    members = [*(file(f"/f{number}") for number in range(MAX_ANOMALIES + 5)), hardlink("h", "no")]
    facts = collect(LayerAnomalyCollector, make_context(members)).of(LayerAnomaly)
    assert [(fact.kind, fact.count) for fact in facts] == [
        ("absolute-name", MAX_ANOMALIES + 5),
        ("dangling-hardlink", 1),
    ]


def test_an_order_that_was_not_looked_at_is_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    """No anomaly is told for it, since nothing is known to be wrong."""
    monkeypatch.setattr(unpack_order, "_MOST_IMPLIED", 100)
    context = make_context([file("a")], [file("d/e/f/x"), file("t"), file("t/u")])
    assert collect(LayerAnomalyCollector, context).of(LayerAnomaly) == ()
    assert [(gap.where, gap.why) for gap in collect_gaps(LayerAnomalyCollector, context)] == [
        ("layer 1", TOO_MUCH_WORK)
    ]


def test_a_plain_layer_has_none() -> None:
    """What builders write is regular."""
    assert collect(LayerAnomalyCollector, make_context([file("a")])).of(LayerAnomaly) == ()
