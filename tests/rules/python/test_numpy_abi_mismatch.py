"""PY007 numpy-abi-mismatch: what it flags and what it lets pass."""

from msgspec.structs import replace

from layerscope.rules.python.numpy_abi_mismatch import NumpyAbiMismatch
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.python_facts import ENVIRONMENT, OLD_NUMPY


def test_flags_modules_and_the_step_that_brought_numpy_2() -> None:
    """One finding an environment, whatever the packages."""
    other = replace(OLD_NUMPY, package="beta", distribution="", count=1)
    (finding,) = flags(NumpyAbiMismatch, ENVIRONMENT, OLD_NUMPY, other)
    assert finding.message == (
        "Python 3.11.9 in /opt/venv has NumPy 2.1.0, from layer 4 (RUN pip install -U numpy), and 4 extension modules "
        "built for NumPy 1, which NumPy 2 refuses to load: acme 1.0 and beta"
    )
    assert finding.severity is Severity.HIGH
    assert finding.locations[0].layer == 4
    assert finding.brief == "import acme and beta fail with NumPy 2.1.0"
    assert finding.fixes[0].steps[0] == "RUN /opt/venv/bin/python -m pip install 'numpy<2'"


def test_code_that_may_never_use_numpy_is_low() -> None:
    """pybind11 puts the names into everything that includes its header."""
    (finding,) = flags(NumpyAbiMismatch, ENVIRONMENT, replace(OLD_NUMPY, needs_numpy=False))
    assert finding.severity is Severity.LOW


def test_ignores_an_environment_without_such_modules() -> None:
    """Nothing was told of it."""
    ignores(NumpyAbiMismatch, ENVIRONMENT)
