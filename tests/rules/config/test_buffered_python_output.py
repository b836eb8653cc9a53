"""CONF010 buffered-python-output: what it flags and what it lets pass."""

from layerscope.facts.config.environment import Environment, Variable
from layerscope.facts.fact import Evidence
from layerscope.facts.system.python_process import PythonProcess
from layerscope.rules.config.buffered_python_output import BufferedPythonOutput
from layerscope.rules.fix import Safety
from layerscope.rules.severity import Severity
from support.cases import flags, ignores

PYTHON = PythonProcess(Evidence(0, "usr/bin/python3"), "python3", is_unbuffered=False)
PLAIN = Environment(Evidence(), (Variable("PATH", "/usr/bin"),))


def test_flags_python_with_its_buffer() -> None:
    """The fix is one safe line."""
    (finding,) = flags(BufferedPythonOutput, PYTHON, PLAIN)
    assert finding.message == (
        "The container starts python3, a Python program, and neither PYTHONUNBUFFERED nor -u is set: "
        "its output waits in a buffer of 8 KiB"
    )
    assert finding.severity is Severity.LOW
    assert finding.fixes[0].safety is Safety.SAFE


def test_flags_a_variable_that_is_set_to_nothing() -> None:
    """Python ignores an empty value."""
    flags(BufferedPythonOutput, PYTHON, Environment(Evidence(), (Variable("PYTHONUNBUFFERED", ""),)))


def test_ignores_python_with_the_variable() -> None:
    """Any value that is not empty switches the buffer off."""
    ignores(BufferedPythonOutput, PYTHON, Environment(Evidence(), (Variable("PYTHONUNBUFFERED", "1"),)))


def test_ignores_python_with_the_switch() -> None:
    """`python -u` does the same."""
    ignores(BufferedPythonOutput, PythonProcess(Evidence(), "python3", is_unbuffered=True), PLAIN)


def test_ignores_other_programs() -> None:
    """Without a Python process there is no such buffer."""
    ignores(BufferedPythonOutput, PLAIN)
