"""PY009 gil-mismatch: what it flags and what it lets pass."""

from msgspec.structs import replace

from layerscope.rules.python.gil_mismatch import GilMismatch
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.python_facts import ENVIRONMENT, MODULES, WHEEL

FREE = replace(ENVIRONMENT, series="3.14", version="3.14.0", is_free_threaded=True)


def test_flags_modules_with_the_lock_in_a_python_without() -> None:
    """The tag shows it."""
    wheel = replace(WHEEL, tag="cp314-cp314-manylinux_2_28_x86_64", reason="threading")
    (finding,) = flags(GilMismatch, FREE, wheel, replace(MODULES, reason="threading"))
    assert finding.message == (
        "Python 3.14.0t in /opt/venv is free-threaded and cannot use acme 1.0 (cpython-310-x86_64-linux-gnu); "
        "put there by layer 2 (COPY --from=build /venv /opt/venv)"
    )
    assert finding.fixes[0].steps[0].endswith("acme==1.0")


def test_ignores_what_differs_otherwise() -> None:
    """Another version is PY002's."""
    ignores(GilMismatch, FREE, WHEEL, MODULES)


def test_modules_that_the_process_will_not_find_are_critical() -> None:
    """Where the environment is the one in use."""
    module = replace(MODULES, reason="threading")
    assert flags(GilMismatch, ENVIRONMENT, module)[0].severity is Severity.CRITICAL
    assert flags(GilMismatch, replace(ENVIRONMENT, is_active=False), module)[0].severity is Severity.HIGH
