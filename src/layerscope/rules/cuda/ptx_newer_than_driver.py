"""CUDA005: the driver that was asked about cannot compile the PTX that the GPU would need."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.cuda.gpu_verdict import Cause, GpuVerdict
from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.proof import LayerProof
from layerscope.rules.finding import Finding
from layerscope.rules.gpu_builds import SEEN, suggest_build
from layerscope.rules.gpu_findings import iter_asked, locate, suggest_driver, tell_gpu
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity


class PtxNewerThanDriver(Rule):
    """The image's PTX is newer than the driver can compile.

    What it checks: Where a GPU has no machine code and would run PTX: the PTX ISA version against the newest
        that the driver's CUDA version knows. Minor-version compatibility does not cover PTX.
    Why it matters: The program ends with error 222, "the provided PTX was compiled with an unsupported
        toolchain".
    Example: A library whose only code for a B200 is PTX 8.8 (CUDA 12.9), on a host with driver 570 (CUDA 12.8).
    Remedy: A newer driver, a build made with an older toolkit, or one with machine code for the GPU.
    Fix safety: Review: a driver is the host's affair.
    Blind spots: Code that a program compiles when it runs (Triton, NVRTC, numba) is in no library, and is not
        judged. Nothing is said unless a GPU is named (--gpu, --fleet), nor where a layer is unread.
    References: PTX ISA, "Release Notes"; https://docs.nvidia.com/deploy/cuda-compatibility/, "PTX JIT".
    """

    code: ClassVar[str] = "CUDA005"
    covers: ClassVar[tuple[int, ...]] = (35,)
    severity: ClassVar[Severity] = Severity.CRITICAL
    is_answer: ClassVar[bool] = True
    needs: ClassVar[tuple[type[Fact], ...]] = (GpuVerdict, *SEEN, LayerProof)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding a GPU that a person named."""
        for verdict in iter_asked(facts, Cause.PTX_TOO_NEW):
            message = f"{tell_gpu(verdict)} cannot run all of this image: {verdict.reason}"
            fixes = (suggest_driver(verdict.minimum_driver or verdict.full_driver, "which compiles this PTX"),)
            yield self.finding(
                message, *locate(verdict, *verdict.lacking), fixes=(*fixes, suggest_build(verdict, facts))
            )
