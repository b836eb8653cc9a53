"""PROBE014 truncated-text: what it flags and what it lets pass."""

from layerscope.rules.probe.truncated_text import TruncatedText
from support.cases import flags, ignores
from support.probe_facts import broken


def test_flags_truncated_text() -> None:
    """A stream without its end."""
    (finding,) = flags(
        TruncatedText,
        broken(
            "stream",
            outcome="truncated",
            kind="truncated",
            title="the text is cut off",
            reason="no end marker came",
            consequences=(),
        ),
    )
    assert finding.message == "The text is cut off: no end marker came"
    assert finding.fixes


def test_ignores_its_neighbour() -> None:
    """A text that never began is not cut."""
    ignores(TruncatedText, broken("stream", outcome="empty", kind="empty"))
