"""PROBE006 failing-stage: what it flags and what it lets pass."""

from layerscope.rules.probe.failing_stage import FailingStage
from support.cases import flags, ignores
from support.probe_facts import broken


def test_flags_failing_stage() -> None:
    """An exception of the image's own."""
    (finding,) = flags(FailingStage, broken())
    assert finding.message == "Stage decode fails: RuntimeError: it is broken; therefore not tried: detokenize"
    assert finding.fixes


def test_ignores_its_neighbour() -> None:
    """An import has a rule of its own."""
    ignores(FailingStage, broken("imports", kind="import-error"))
