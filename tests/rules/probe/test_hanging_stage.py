"""PROBE002 hanging-stage: what it flags and what it lets pass."""

from layerscope.rules.probe.hanging_stage import HangingStage
from support.cases import flags, ignores
from support.probe_facts import broken


def test_flags_hanging_stage() -> None:
    """The last line that was printed belongs to it."""
    (finding,) = flags(
        HangingStage,
        broken(
            "prefill",
            outcome="hang",
            kind="hang",
            title="stage prefill hangs",
            reason="still at work after 300.0 s",
            last_line="waiting for peers",
            consequences=(),
        ),
    )
    assert (
        finding.message == "Stage prefill hangs: still at work after 300.0 s; the last line before: waiting for peers"
    )
    assert finding.fixes


def test_ignores_its_neighbour() -> None:
    """One that ends by itself crashes."""
    ignores(HangingStage, broken("prefill", outcome="crash", kind="crash"))
