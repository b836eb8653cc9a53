"""PROBE041 lost-output: what it flags and what it lets pass."""

from layerscope.facts.probe import lost_output
from layerscope.rules.probe.lost_output import LostOutput
from support.cases import flags, ignores
from support.probe_facts import WHOLE


def test_flags_streams_that_did_not_arrive() -> None:
    """By their names."""
    (finding,) = flags(LostOutput, lost_output.LostOutput(WHOLE, ("logging", "stdout")))
    assert finding.message == (
        "A process that ended without flushing lost what it had printed to the logging module and standard output"
    )


def test_ignores_what_a_finding_in_the_files_says() -> None:
    """That one is confirmed instead."""
    ignores(LostOutput, lost_output.LostOutput(WHOLE, ("stdout",), told_by="CONF010"))
