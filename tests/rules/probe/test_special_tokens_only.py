"""PROBE012 special-tokens-only: what it flags and what it lets pass."""

from layerscope.rules.probe.special_tokens_only import SpecialTokensOnly
from support.cases import flags, ignores
from support.probe_facts import broken


def test_flags_special_tokens_only() -> None:
    """The text with its special tokens is quoted."""
    (finding,) = flags(
        SpecialTokensOnly,
        broken(
            "detokenize",
            outcome="special-only",
            kind="special-only",
            title="the generation gives tokens and no text",
            reason="4 came and no text: '</s>'",
            consequences=(),
        ),
    )
    assert finding.message == "The generation gives tokens and no text: 4 came and no text: '</s>'"
    assert finding.fixes


def test_ignores_its_neighbour() -> None:
    """Not one token is an empty generation."""
    ignores(SpecialTokensOnly, broken("detokenize", outcome="empty", kind="empty"))
