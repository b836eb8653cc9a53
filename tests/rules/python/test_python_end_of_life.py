"""PY010 python-end-of-life: what it flags and what it lets pass."""

from datetime import date

from msgspec.structs import replace

from layerscope.facts.fact import Evidence
from layerscope.facts.python.releases import EndedRelease
from layerscope.rules.python.python_end_of_life import PythonEndOfLife
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.python_facts import ENVIRONMENT

ENDED = EndedRelease(
    evidence=Evidence(0, "usr/local/bin/python3.8"),
    path="usr/local/bin/python3.8",
    series="3.8",
    version="3.8.20",
    end=date(2024, 10, 7),
    checked=date(2026, 1, 1),
    is_of_distribution=False,
    layer=0,
    instruction="ADD rootfs.tar /",
)


def test_flags_an_interpreter_out_of_support() -> None:
    """The one of the operating system is told as information."""
    (finding,) = flags(PythonEndOfLife, ENVIRONMENT, ENDED)
    assert finding.message == (
        "Python 3.8.20 (/usr/local/bin/python3.8) has had no security fixes since 2024-10-07; "
        "the process of this image does not start it"
    )
    assert finding.severity is Severity.LOW
    (finding,) = flags(PythonEndOfLife, ENVIRONMENT, replace(ENDED, is_of_distribution=True))
    assert finding.severity is Severity.INFO


def test_ignores_a_supported_one() -> None:
    """No fact tells of it."""
    ignores(PythonEndOfLife, ENVIRONMENT)
