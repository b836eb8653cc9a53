"""PY010: a Python gets no security fixes any more."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.python.environments import PythonEnvironment
from layerscope.facts.python.releases import EndedRelease
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix
from layerscope.rules.python_cures import find_environment
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.wording import tell_path


class PythonEndOfLife(Rule):
    """A Python gets no security fixes any more.

    What it checks: The series of each interpreter was still supported by Python's developers on the day that the
        table of releases was last checked.
    Why it matters: Security holes stay open, and current versions of frameworks have no wheels for it: the resolver
        falls back to old ones, or builds from source.
    Example: `FROM python:3.8`: torch ends at 2.4 there.
    Remedy: Move to a series that the installed distributions support and that has years to go.
    Fix safety: Review: distributions have to be installed anew, and code may have to change.
    Blind spots: An interpreter below /usr belongs to the operating system, whose makers may go on mending it: that is
        told as information only. PyPy has its own calendar. A series that the table does not know is not judged.
    References: https://devguide.python.org/versions/
    """

    code: ClassVar[str] = "PY010"
    covers: ClassVar[tuple[int, ...]] = (36,)
    severity: ClassVar[Severity] = Severity.LOW
    needs: ClassVar[tuple[type[Fact], ...]] = (EndedRelease, PythonEnvironment)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding an interpreter."""
        for fact in facts.of(EndedRelease):
            environment = find_environment(facts, fact.path)
            is_used = environment is not None and environment.is_active
            message = (
                f"Python {fact.version} ({tell_path(fact.path)}) has had no security fixes since {fact.end.isoformat()}"
                f"{'' if is_used else '; the process of this image does not start it'}"
            )
            severity = Severity.INFO if fact.is_of_distribution else Severity.LOW
            fix = Fix(
                "Use a Python series that is still supported",
                ("FROM python:3.13-slim   (or another that your distributions support)",),
            )
            yield self.finding(message, fact.evidence, severity=severity, fixes=(fix,))
