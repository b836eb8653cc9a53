"""PROBE006: a stage of the generation fails."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.probe.broken_stage import BrokenStage
from layerscope.rules.finding import Finding
from layerscope.rules.probe_defects import Defect, ask_for_meaning, cure_broken, iter_broken, locate_broken, tell_broken
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity


class FailingStage(Rule):
    """A stage of the generation fails.

    What it checks: Loading a tokenizer and weights, moving them to a device, computing and decoding raise no
        exception. The first stage that does is told of; what needs it is a consequence, and no finding of its own.
    Why it matters: The exception that a person sees is often that of a later stage, which had nothing to work on.
    Example: A weights file that is a Git LFS pointer, which fails as "header too large" where it is parsed.
    Remedy: That of the finding that the probe confirms; else what the message says.
    Fix safety: Review: it depends on the message.
    Blind spots: The probe's own small model needs less than a large one: what fails with size alone does not fail
        here.
    References: huggingface.co/docs/transformers, "Troubleshoot".
    """

    code: ClassVar[str] = "PROBE006"
    covers: ClassVar[tuple[int, ...]] = (1, 2, 16)
    severity: ClassVar[Severity] = Severity.CRITICAL
    needs: ClassVar[tuple[type[Fact], ...]] = (BrokenStage,)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding, for the first stage that broke, if it broke in this way."""
        for fact in iter_broken(facts, Defect.OTHER):
            fixes = cure_broken(fact, ask_for_meaning(fact))
            yield self.finding(tell_broken(fact), *locate_broken(fact), fixes=fixes)
