"""PROBE006 failing-stage: what it flags and what it lets pass."""

import shlex

from layerscope.rules.probe.failing_stage import FailingStage
from support.cases import flags, ignores
from support.probe_facts import broken


def test_flags_failing_stage() -> None:
    """An exception of the image's own."""
    (finding,) = flags(FailingStage, broken())
    assert finding.message == "Stage decode fails: RuntimeError: it is broken; therefore not tried: text"
    assert finding.fixes


def test_ignores_its_neighbour() -> None:
    """An import has a rule of its own."""
    ignores(FailingStage, broken("imports", kind="import-error"))


def test_the_message_is_filled_in_for_a_shell() -> None:
    """Quoted, in one line, and no longer than it must be."""
    (finding,) = flags(FailingStage, broken(reason="ValueError: it's\nbroken and " + "x" * 200))
    command = finding.fixes[0].title.partition(": ")[2]
    words = shlex.split(command)
    assert words[:2] == ["layerscope", "explain"]
    assert words[2:] == ["ValueError: it's broken and"]
