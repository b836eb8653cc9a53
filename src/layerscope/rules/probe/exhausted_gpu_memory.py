"""PROBE024: the memory of the GPU does not suffice."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.probe.broken_stage import BrokenStage
from layerscope.rules.finding import Finding
from layerscope.rules.probe_defects import Defect, cure_broken, iter_broken, locate_broken, tell_broken
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity


class ExhaustedGpuMemory(Rule):
    """The memory of the GPU does not suffice.

    What it checks: No stage ends for want of memory of the GPU: neither a context, nor weights, nor the first and the
        following tokens.
    Why it matters: Some programs end with "CUDA out of memory", others catch it and answer with nothing.
    Example: A model of 16 GB in float32 on a GPU of 24 GB, which suffices in bfloat16; another process that holds most
        of the memory.
    Remedy: A smaller type or a quantised model, fewer or shorter requests at once, or a larger GPU; look at
        `nvidia-smi` for what else is there.
    Fix safety: Review: another type gives other results.
    Blind spots: What is needed under load is more than the probe takes.
    References: docs.pytorch.org, "CUDA semantics", memory management; pytorch/pytorch issue 16417.
    """

    code: ClassVar[str] = "PROBE024"
    covers: ClassVar[tuple[int, ...]] = (4, 106, 108, 109)
    severity: ClassVar[Severity] = Severity.HIGH
    needs: ClassVar[tuple[type[Fact], ...]] = (BrokenStage,)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding, for the first stage that broke, if it broke in this way."""
        for fact in iter_broken(facts, Defect.GPU_MEMORY):
            fixes = cure_broken(fact, "Use a smaller type or a quantised model, and see what else uses it: nvidia-smi")
            yield self.finding(tell_broken(fact), *locate_broken(fact), fixes=fixes)
