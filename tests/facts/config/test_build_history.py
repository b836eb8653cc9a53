"""The history is a fact without its secrets."""

from layerscope.facts.config.build_history import BuildHistory, BuildHistoryCollector
from layerscope.image.config import HistoryEntry
from support.contexts import CREATED, collect_gaps, collect_one, make_context
from support.tar_member import file


def test_keeps_steps_with_their_layers() -> None:
    """Empty steps have none, and secrets are taken out."""
    context = make_context(
        [file("a")],
        steps=["COPY a /", HistoryEntry(CREATED, "ENV TOKEN=abc123x", empty_layer=True)],
    )
    history = collect_one(BuildHistoryCollector, context, BuildHistory)
    assert [(step.layer, step.instruction) for step in history.steps] == [(0, "COPY a /"), (None, "ENV TOKEN=***")]
    assert history.mismatch is None


def test_says_how_the_history_disagrees_with_the_layers() -> None:
    """Too short here."""
    history = collect_one(
        BuildHistoryCollector, make_context([file("a")], [file("b")], steps=["COPY a /"]), BuildHistory
    )
    assert history.mismatch is not None
    assert history.layers == 2


def test_no_history_at_all_is_a_gap() -> None:
    """Not a mismatch."""
    context = make_context([file("a")])
    assert collect_one(BuildHistoryCollector, context, BuildHistory).mismatch is None
    assert [gap.what for gap in collect_gaps(BuildHistoryCollector, context)] == ["build steps"]
