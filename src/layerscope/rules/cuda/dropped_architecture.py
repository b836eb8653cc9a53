"""CUDA006: the image's CUDA no longer knows the architecture of a GPU that was asked about."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.cuda.gpu_verdict import Cause, GpuVerdict
from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.proof import LayerProof
from layerscope.rules.finding import Finding
from layerscope.rules.gpu_builds import SEEN, suggest_build
from layerscope.rules.gpu_findings import iter_asked, locate, tell_gpu
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity


class DroppedArchitecture(Rule):
    """The image's CUDA no longer compiles for the GPU.

    What it checks: The GPU finds no device code in the image, and the CUDA major version that it was built with
        has dropped the GPU's architecture.
    Why it matters: No driver cures it: CUDA 13 compiles nothing older than Turing, and drivers from R590 on do
        not know Maxwell, Pascal and Volta.
    Example: A V100 with any wheel for CUDA 13, which is PyTorch's default from 2.11 on.
    Remedy: Stay on the last CUDA major version that compiles for the GPU: CUDA 12 for Maxwell, Pascal and
        Volta.
    Fix safety: Review: builds for an older CUDA end at some release of the framework.
    Blind spots: Code that a program compiles when it runs (Triton, NVRTC, numba) is in no library, and is not
        judged. Nothing is said unless a GPU is named (--gpu, --fleet), nor where a layer is unread.
    References: CUDA 13.0 release notes, "Deprecated Architectures"; NVIDIA Data Center Drivers, "CUDA Toolkit,
        Driver, and Architecture Matrix".
    """

    code: ClassVar[str] = "CUDA006"
    covers: ClassVar[tuple[int, ...]] = (33, 35)
    severity: ClassVar[Severity] = Severity.CRITICAL
    is_answer: ClassVar[bool] = True
    needs: ClassVar[tuple[type[Fact], ...]] = (GpuVerdict, *SEEN, LayerProof)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding a GPU that a person named."""
        for verdict in iter_asked(facts, Cause.ARCHITECTURE):
            message = f"{tell_gpu(verdict)} cannot run this image: {verdict.reason}"
            yield self.finding(message, *locate(verdict), fixes=(suggest_build(verdict, facts),))
