"""PROBE018 non-finite-results: what it flags and what it lets pass."""

from layerscope.rules.probe.non_finite_results import NonFiniteResults
from support.cases import flags, ignores
from support.probe_facts import broken


def test_flags_non_finite_results() -> None:
    """The type is told."""
    (finding,) = flags(
        NonFiniteResults,
        broken(
            "prefill",
            outcome="degenerate",
            kind="not-finite",
            title="stage prefill gives wrong results",
            reason="logits in float16 are not finite",
            consequences=(),
        ),
    )
    assert finding.message == "Stage prefill gives wrong results: logits in float16 are not finite"
    assert finding.fixes


def test_ignores_its_neighbour() -> None:
    """Finite values may be wrong, too."""
    ignores(NonFiniteResults, broken("prefill", outcome="degenerate", kind="wrong-logits"))
