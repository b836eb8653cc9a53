"""PROBE017 wrong-results: what it flags and what it lets pass."""

from layerscope.rules.probe.wrong_results import WrongResults
from support.cases import flags, ignores
from support.probe_facts import broken


def test_flags_wrong_results() -> None:
    """The difference is told."""
    (finding,) = flags(
        WrongResults,
        broken(
            "prefill",
            outcome="degenerate",
            kind="wrong-logits",
            title="stage prefill gives wrong results",
            reason="logits in float32 differ by 4",
            consequences=(),
        ),
    )
    assert finding.message == "Stage prefill gives wrong results: logits in float32 differ by 4"
    assert finding.fixes


def test_ignores_its_neighbour() -> None:
    """Values that are not finite are a matter of the type."""
    ignores(WrongResults, broken("prefill", outcome="degenerate", kind="not-finite"))
