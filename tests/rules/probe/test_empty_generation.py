"""PROBE011 empty-generation: what it flags and what it lets pass."""

from layerscope.rules.probe.empty_generation import EmptyGeneration
from support.cases import flags, ignores
from support.probe_facts import broken


def test_flags_empty_generation() -> None:
    """Nothing failed, and nothing came."""
    (finding,) = flags(
        EmptyGeneration,
        broken(
            "detokenize",
            outcome="empty",
            kind="empty",
            title="the generation gives no text",
            reason="no text came",
            consequences=(),
        ),
    )
    assert finding.message == "The generation gives no text: no text came"
    assert finding.fixes


def test_ignores_its_neighbour() -> None:
    """Special tokens are more than nothing."""
    ignores(EmptyGeneration, broken("detokenize", outcome="special-only", kind="special-only"))
