"""CONF012 history-mismatch: what it flags and what it lets pass."""

from layerscope.facts.config.build_history import BuildHistory
from layerscope.facts.fact import Evidence
from layerscope.rules.config.history_mismatch import HistoryMismatch
from support.cases import flags, ignores


def test_flags_a_history_that_is_too_short() -> None:
    """The message is what the pairing found out."""
    (finding,) = flags(
        HistoryMismatch, BuildHistory(Evidence(), (), 3, "the history records 2 layers, the image has 3")
    )
    assert finding.message == "The history records 2 layers, the image has 3"


def test_ignores_a_history_that_fits() -> None:
    """None at all is a gap, not a finding."""
    ignores(HistoryMismatch, BuildHistory(Evidence(), (), 3, None))
