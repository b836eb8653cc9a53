"""PROBE041: what a program prints is lost when it ends badly."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.probe import lost_output
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix, FixKind
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.wording import tell_list

_NAMES = {"stdout": "standard output", "stderr": "standard error", "logging": "the logging module"}


class LostOutput(Rule):
    """What a program prints is lost when it ends badly.

    What it checks: A process of the image prints a marker to standard output, to standard error and by `logging`, and
        ends at once without flushing, as one that crashes or is killed does. All three arrive.
    Why it matters: The lines that would explain a crash are the last ones, and they are still in a buffer. A log that
        is empty, or ends in the middle of a start, leads away from the cause.
    Example: A Python whose standard output is a pipe keeps 8 KiB back unless PYTHONUNBUFFERED is set.
    Remedy: `ENV PYTHONUNBUFFERED=1` in the image, or `python -u` in its entrypoint.
    Fix safety: Review: a program that prints millions of lines gets slower.
    Blind spots: Only Python's own output is tried, in the image's environment: an entrypoint may set more. Where
        CONF010 says the same of the image's files, it is confirmed, and nothing is said twice.
    References: docs.python.org, "Command line and environment", PYTHONUNBUFFERED; docker-library/python issue 604.
    """

    code: ClassVar[str] = "PROBE041"
    covers: ClassVar[tuple[int, ...]] = (122, 126)
    severity: ClassVar[Severity] = Severity.LOW
    needs: ClassVar[tuple[type[Fact], ...]] = (lost_output.LostOutput,)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding, with the streams that are lost."""
        for fact in facts.of(lost_output.LostOutput):
            if fact.told_by:
                continue
            names = tell_list(_NAMES.get(name, name) for name in fact.streams)
            message = f"A process that ended without flushing lost what it had printed to {names}"
            fix = Fix("Write output at once", ("ENV PYTHONUNBUFFERED=1",), kind=FixKind.CONFIG_EDIT)
            yield self.finding(message, fact.evidence, fixes=(fix,))
