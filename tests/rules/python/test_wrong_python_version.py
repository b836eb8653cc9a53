"""PY003 wrong-python-version: what it flags and what it lets pass."""

from msgspec.structs import replace

from layerscope.rules.python.wrong_python_version import WrongPythonVersion
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.python_facts import DISTRIBUTION, ENVIRONMENT


def test_flags_a_distribution_that_asks_for_a_later_python() -> None:
    """It was copied, or the Python below it changed."""
    (finding,) = flags(WrongPythonVersion, ENVIRONMENT, replace(DISTRIBUTION, requires_python=">=3.12"))
    assert finding.message == "Python 3.11.9 in /opt/venv is not supported by acme 1.0 (requires >=3.12)"
    assert finding.severity is Severity.HIGH


def test_the_exact_version_counts_where_it_is_known() -> None:
    """Where it is not, some version of the series is enough."""
    item = replace(DISTRIBUTION, requires_python=">=3.11.10")
    flags(WrongPythonVersion, ENVIRONMENT, item)
    ignores(WrongPythonVersion, replace(ENVIRONMENT, version="3.11"), item)


def test_ignores_what_is_allowed_or_no_specifier() -> None:
    """Old metadata holds all kinds of text."""
    ignores(WrongPythonVersion, ENVIRONMENT, replace(DISTRIBUTION, requires_python=">=3.9,!=3.11.0"))
    ignores(WrongPythonVersion, ENVIRONMENT, replace(DISTRIBUTION, requires_python="any"), DISTRIBUTION)
