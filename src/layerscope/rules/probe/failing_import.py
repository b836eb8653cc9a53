"""PROBE005: a package that generates cannot be imported."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.probe.broken_stage import BrokenStage
from layerscope.rules.finding import Finding
from layerscope.rules.probe_defects import Defect, ask_for_meaning, cure_broken, iter_broken, locate_broken, tell_broken
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity


class FailingImport(Rule):
    """A package that generates cannot be imported.

    What it checks: Each package that generates (torch, transformers) is imported by the interpreter in use, in the
        image's own environment.
    Why it matters: Without the import there is no generation, and a server ends before it listens.
    Example: `ImportError: libcudart.so.13: cannot open shared object file`, or a version of NumPy that torch was
        not compiled for.
    Remedy: That of the finding in the image's files that the probe confirms; else what `layerscope explain` tells
        of the message.
    Fix safety: Review: it is that of the finding that is confirmed.
    Blind spots: Only the first package that fails is told of. An import that needs a network, a writable home, or
        root fails here for that.
    References: docs.python.org, "The import system"; ld.so(8).
    """

    code: ClassVar[str] = "PROBE005"
    covers: ClassVar[tuple[int, ...]] = (1, 2, 27, 61)
    severity: ClassVar[Severity] = Severity.CRITICAL
    needs: ClassVar[tuple[type[Fact], ...]] = (BrokenStage,)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding, for the first stage that broke, if it broke in this way."""
        for fact in iter_broken(facts, Defect.IMPORT):
            fixes = cure_broken(fact, ask_for_meaning(fact))
            yield self.finding(tell_broken(fact), *locate_broken(fact), fixes=fixes)
