"""PROBE015 text-in-other-field: what it flags and what it lets pass."""

from layerscope.rules.probe.text_in_other_field import TextInOtherField
from support.cases import flags, ignores
from support.probe_facts import broken


def test_flags_text_in_other_field() -> None:
    """The field is named."""
    (finding,) = flags(
        TextInOtherField,
        broken(
            "chat",
            outcome="other-field",
            kind="other-field",
            title="the text comes in another field than the one it is asked in",
            reason="reasoning_content has 512 characters",
            consequences=(),
        ),
    )
    assert (
        finding.message
        == "The text comes in another field than the one it is asked in: reasoning_content has 512 characters"
    )
    assert finding.fixes


def test_ignores_its_neighbour() -> None:
    """No text in any field is an empty generation."""
    ignores(TextInOtherField, broken("chat", outcome="empty", kind="empty"))
