"""PROBE001 unstarted-probe: what it flags and what it lets pass."""

from layerscope.rules.probe.unstarted_probe import UnstartedProbe
from support.cases import flags, ignores
from support.probe_facts import broken


def test_flags_unstarted_probe() -> None:
    """A Python that does not come up tells of no stage."""
    (finding,) = flags(
        UnstartedProbe,
        broken("start", kind="", title="the probe's Python did not start", reason="exit code 127", consequences=()),
    )
    assert finding.message == "The probe's Python did not start: exit code 127"
    assert finding.fixes


def test_ignores_its_neighbour() -> None:
    """A probe that had to be killed hangs, which is another rule's."""
    ignores(UnstartedProbe, broken("start", outcome="hang"))
