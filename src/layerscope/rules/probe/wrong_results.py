"""PROBE017: a generation gives other results than it must."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.probe.broken_stage import BrokenStage
from layerscope.rules.finding import Finding
from layerscope.rules.probe_defects import Defect, cure_broken, iter_broken, locate_broken, tell_broken
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity


class WrongResults(Rule):
    """A generation gives other results than it must.

    What it checks: The tokens and logits of a model whose every token is known beforehand, with and without a cache
        of keys and values, in each type; on a GPU, the result of a kernel, too.
    Why it matters: The framework computes, and computes wrongly: every real model in this image gives nonsense, or
        slightly other answers than it was tested with.
    Example: A kernel that was compiled for a similar GPU; a PyTorch whose math library was replaced by another.
    Remedy: Install PyTorch anew, from one source; where it is right on the CPU and wrong on the GPU, update the
        driver, or look at the GPU's memory errors.
    Fix safety: Review: hardware may be at fault.
    Blind spots: Errors that come with other shapes, types or load are not seen.
    References: pytorch.org/docs, "Numerical accuracy".
    """

    code: ClassVar[str] = "PROBE017"
    covers: ClassVar[tuple[int, ...]] = (113,)
    severity: ClassVar[Severity] = Severity.CRITICAL
    needs: ClassVar[tuple[type[Fact], ...]] = (BrokenStage,)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding, for the first stage that broke, if it broke in this way."""
        for fact in iter_broken(facts, Defect.WRONG):
            fixes = cure_broken(fact, "Install PyTorch anew, and compare with --gpus none")
            yield self.finding(tell_broken(fact), *locate_broken(fact), fixes=fixes)
