"""PROBE023: a GPU is there, and the generation is made on the CPU."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.probe.broken_stage import BrokenStage
from layerscope.facts.probe.idle_gpu import IdleGpu
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix
from layerscope.rules.probe_defects import Defect, cure_broken, iter_broken, locate_broken, tell_broken
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.wording import tell_list


class SilentCpuFallback(Rule):
    """A GPU is there, and the generation is made on the CPU.

    What it checks: Where the driver shows a GPU and works, PyTorch computes on it: `is_available()` is True, weights
        are on the GPU, and its memory is used. A PyTorch that was built without CUDA does not, and is a smaller matter
        unless a GPU is asked for.
    Why it matters: Programs go on with the CPU without a word, a hundred times slower, while the GPU is paid for.
    Example: A requirement that replaced the CUDA wheel of torch by the one from PyPI of another platform; a driver that
        is older than the CUDA of the wheel.
    Remedy: That of the cause that is named: a CUDA build of torch, a newer driver, or a build for this GPU.
    Fix safety: Review: an image may be for the CPU on purpose.
    Blind spots: What a program chooses by itself (`device="cpu"`) is not seen by the probe's own model. Only seen where
        the probe is given a GPU.
    References: docs.pytorch.org, torch.cuda.is_available; pytorch.org, "Start locally".
    """

    code: ClassVar[str] = "PROBE023"
    covers: ClassVar[tuple[int, ...]] = (15, 32, 34, 35)
    severity: ClassVar[Severity] = Severity.HIGH
    needs: ClassVar[tuple[type[Fact], ...]] = (BrokenStage, IdleGpu)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding: for the stage that broke in this way, else for a GPU that nothing asked for."""
        broken = list(iter_broken(facts, Defect.CPU_FALLBACK))
        for fact in broken:
            fixes = cure_broken(fact, "Install a build of torch that fits the GPU and the driver")
            yield self.finding(tell_broken(fact), *locate_broken(fact), fixes=fixes)
        for idle in facts.of(IdleGpu) if not broken else ():
            built = f"for CUDA {idle.cuda}" if idle.cuda else "without CUDA"
            message = (
                f"The container has {tell_list(idle.gpus)}, and the generation was made on the CPU: PyTorch was built "
                f"{built}"
            )
            fix = Fix("Install a CUDA build of torch, or give the container no GPU: --gpus none", ())
            yield self.finding(message, idle.evidence, severity=Severity.LOW, fixes=(fix,))
