"""PY012 unresolved-import: what it flags and what it lets pass."""

from layerscope.facts.fact import Evidence
from layerscope.facts.python.entry_imports import UnresolvedImports
from layerscope.rules.python.unresolved_import import UnresolvedImport
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.python_facts import ENVIRONMENT
from support.sample_facts import DAMAGED

UNRESOLVED = UnresolvedImports(
    evidence=Evidence(3, "app/main.py"),
    script="app/main.py",
    environment="opt/venv",
    names=("routes", "uvicorn"),
    layer=3,
    instruction="COPY main.py /app/",
)


def test_flags_modules_that_lie_nowhere() -> None:
    """With both ways to cure it."""
    (finding,) = flags(UnresolvedImport, ENVIRONMENT, UNRESOLVED)
    assert finding.message == (
        "/app/main.py imports routes and uvicorn, which Python 3.11.9 in /opt/venv does not have"
    )
    assert finding.severity is Severity.HIGH
    assert finding.fixes[0].steps == (
        "RUN /opt/venv/bin/python -m pip install routes uvicorn   (or what their distributions are called)",
        "Or: COPY routes /app/routes",
    )


def test_ignores_what_may_lie_in_an_unread_layer() -> None:
    """Absence proves nothing there."""
    ignores(UnresolvedImport, DAMAGED, ENVIRONMENT, UNRESOLVED)
