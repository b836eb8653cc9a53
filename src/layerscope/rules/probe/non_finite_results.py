"""PROBE018: a generation computes values that are not finite."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.probe.broken_stage import BrokenStage
from layerscope.rules.finding import Finding
from layerscope.rules.probe_defects import Defect, cure_broken, iter_broken, locate_broken, tell_broken
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity


class NonFiniteResults(Rule):
    """A generation computes values that are not finite.

    What it checks: The logits of a model whose values are known to be small are finite in each type: float32,
        float16, bfloat16.
    Why it matters: Sampling from NaN fails on one GPU and gives token 0 on another ("!!!!"). No message tells of
        it.
    Example: float16 that overflows in a kernel of its own; a broken build for this GPU.
    Remedy: Use bfloat16 or float32, and a build that lists this GPU's compute capability.
    Fix safety: Review: another type needs other memory.
    Blind spots: A large model may overflow where the probe's own does not.
    References: pytorch.org/docs, "Numerical accuracy"; vllm-project/vllm issue 13035.
    """

    code: ClassVar[str] = "PROBE018"
    covers: ClassVar[tuple[int, ...]] = (113,)
    severity: ClassVar[Severity] = Severity.CRITICAL
    needs: ClassVar[tuple[type[Fact], ...]] = (BrokenStage,)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding, for the first stage that broke, if it broke in this way."""
        for fact in iter_broken(facts, Defect.NOT_FINITE):
            fixes = cure_broken(fact, "Use bfloat16 or float32: --dtype bfloat16")
            yield self.finding(tell_broken(fact), *locate_broken(fact), fixes=fixes)
