"""PROBE016 mute-output: what it flags and what it lets pass."""

from layerscope.rules.probe.mute_output import MuteOutput
from support.cases import flags, ignores
from support.probe_facts import broken


def test_flags_mute_output() -> None:
    """It lives, and says nothing."""
    (finding,) = flags(
        MuteOutput,
        broken(
            "visibility",
            outcome="mute",
            kind="mute",
            title="what the image prints does not arrive",
            reason="it answers, and printed nothing",
            consequences=(),
        ),
    )
    assert finding.message == "What the image prints does not arrive: it answers, and printed nothing"
    assert finding.fixes


def test_ignores_its_neighbour() -> None:
    """What hangs is silent for another reason."""
    ignores(MuteOutput, broken("visibility", outcome="hang", kind="hang"))
