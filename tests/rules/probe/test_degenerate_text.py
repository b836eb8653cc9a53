"""PROBE013 degenerate-text: what it flags and what it lets pass."""

from layerscope.rules.probe.degenerate_text import DegenerateText
from support.cases import flags, ignores
from support.probe_facts import broken


def test_flags_degenerate_text() -> None:
    """One token for ever."""
    (finding,) = flags(
        DegenerateText,
        broken(
            "decode",
            outcome="degenerate",
            kind="degenerate",
            title="stage decode gives wrong results",
            reason="32 tokens, of which 3% differ",
            consequences=(),
        ),
    )
    assert finding.message == "Stage decode gives wrong results: 32 tokens, of which 3% differ"
    assert finding.fixes


def test_ignores_its_neighbour() -> None:
    """Other tokens than the known ones are wrong, and need not repeat themselves."""
    ignores(DegenerateText, broken("decode", outcome="degenerate", kind="wrong-tokens"))
