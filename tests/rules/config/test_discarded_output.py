"""CONF018 discarded-output: what it flags and what it lets pass."""

from layerscope.facts.config.led_output import LedAwayOutput
from layerscope.facts.fact import Evidence
from layerscope.rules.config.discarded_output import DiscardedOutput
from layerscope.rules.severity import Severity
from support.cases import flags, ignores


def test_flags_a_command_that_prints_to_a_file() -> None:
    """Both streams; the file may be wanted as well."""
    (finding,) = flags(DiscardedOutput, LedAwayOutput(Evidence(), "/var/log/a", "/var/log/a"))
    assert finding.message == ("The image's command leads what it prints to /var/log/a, where no engine's log has it")
    assert finding.severity is Severity.MEDIUM
    assert "tee /var/log/a" in finding.fixes[0].steps[1]


def test_flags_errors_that_go_nowhere() -> None:
    """Alone, they weigh less: the program may tell of itself on the other stream."""
    (finding,) = flags(DiscardedOutput, LedAwayOutput(Evidence(), "", "/dev/null"))
    assert "its standard error to /dev/null" in finding.message
    assert finding.severity is Severity.LOW
    assert len(finding.fixes[0].steps) == 1


def test_ignores_a_command_whose_errors_arrive() -> None:
    """Standard output alone is led elsewhere by programs that log to standard error."""
    ignores(DiscardedOutput, LedAwayOutput(Evidence(), "/dev/null", ""))
    ignores(DiscardedOutput)
