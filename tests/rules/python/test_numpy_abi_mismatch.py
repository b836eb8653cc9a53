"""PY007 numpy-abi-mismatch: what it flags and what it lets pass."""

from dataclasses import replace

from layerscope.facts.fact import Evidence
from layerscope.facts.python.numpy_modules import OldNumpyModules
from layerscope.rules.python.numpy_abi_mismatch import NumpyAbiMismatch
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.python_facts import ENVIRONMENT, SITE

OLD = OldNumpyModules(
    evidence=Evidence(2, f"{SITE}/acme/_c.so"),
    environment="opt/venv",
    site=SITE,
    package="acme",
    distribution="acme 1.0",
    count=3,
    examples=(f"{SITE}/acme/_c.so",),
    layer=2,
    instruction="RUN pip install acme",
    needs_numpy=True,
    numpy="2.1.0",
    numpy_place=Evidence(4, f"{SITE}/numpy-2.1.0.dist-info"),
    numpy_layer=4,
    numpy_instruction="RUN pip install -U numpy",
)


def test_flags_modules_and_the_step_that_brought_numpy_2() -> None:
    """One finding an environment, whatever the packages."""
    other = replace(OLD, package="beta", distribution="", count=1)
    (finding,) = flags(NumpyAbiMismatch, ENVIRONMENT, OLD, other)
    assert finding.message == (
        "Python 3.11.9 in /opt/venv has NumPy 2.1.0, from layer 4 (RUN pip install -U numpy), and 4 extension modules "
        "built for NumPy 1: acme 1.0 and beta"
    )
    assert finding.severity is Severity.HIGH
    assert finding.locations[0].layer == 4
    assert finding.fixes[0].steps[0] == "RUN /opt/venv/bin/python -m pip install 'numpy<2'"


def test_code_that_may_never_use_numpy_is_low() -> None:
    """pybind11 puts the names into everything that includes its header."""
    (finding,) = flags(NumpyAbiMismatch, ENVIRONMENT, replace(OLD, needs_numpy=False))
    assert finding.severity is Severity.LOW


def test_ignores_an_environment_without_such_modules() -> None:
    """Nothing was told of it."""
    ignores(NumpyAbiMismatch, ENVIRONMENT)
