"""PROBE016: a program works, and nothing that it prints arrives."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.probe.broken_stage import BrokenStage
from layerscope.rules.finding import Finding
from layerscope.rules.probe_defects import Defect, cure_broken, iter_broken, locate_broken, tell_broken
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity


class MuteOutput(Rule):
    """A program works, and nothing that it prints arrives.

    What it checks: What the image's program prints to standard output and standard error reaches the engine's log.
    Why it matters: A program that works and says nothing is taken for dead, and when it dies, nobody knows why.
    Example: An entrypoint that ends in `> /var/log/app.log`, or a log level that lets errors alone through.
    Remedy: Log to standard output or standard error, unbuffered, at a level that tells of the start.
    Fix safety: Review: where logs go may be a decision.
    Blind spots: Whether the host's log driver keeps what arrives is not known.
    References: docs.docker.com, "View container logs"; 12factor.net, "Logs".
    """

    code: ClassVar[str] = "PROBE016"
    covers: ClassVar[tuple[int, ...]] = (122, 125, 130)
    severity: ClassVar[Severity] = Severity.HIGH
    needs: ClassVar[tuple[type[Fact], ...]] = (BrokenStage,)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding, for the first stage that broke, if it broke in this way."""
        for fact in iter_broken(facts, Defect.MUTE):
            fixes = cure_broken(fact, "Log to standard output: ENV PYTHONUNBUFFERED=1, and no redirection to files")
            yield self.finding(tell_broken(fact), *locate_broken(fact), fixes=fixes)
