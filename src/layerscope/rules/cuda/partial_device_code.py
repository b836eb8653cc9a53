"""CUDA002: some libraries lack device code for a GPU that was asked about."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.cuda.gpu_verdict import Cause, GpuVerdict, Verdict
from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.proof import LayerProof
from layerscope.rules.finding import Finding
from layerscope.rules.gpu_builds import SEEN, suggest_build
from layerscope.rules.gpu_findings import iter_asked, locate, tell_gpu
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity


class PartialDeviceCode(Rule):
    """Some libraries have no device code for the GPU.

    What it checks: Of each library's containers, how many run on the GPU, relative to the GPU that runs most:
        below a half, the library was not compiled for it. Libraries that hold kernels by architecture
        (cuBLASLt, cuDNN) are measured by the containers that are for all.
    Why it matters: The program starts and computes, until it calls what that library is for; then it ends with
        "no kernel image is available".
    Example: PyTorch for CUDA 13 on a T4: all of libtorch_cuda runs, but of the MAGMA kernels behind
        torch.linalg 1 of 33 containers.
    Remedy: Avoid those functions on this GPU (compute them on the CPU), or install a build that has the code.
    Fix safety: Review: another build may bring another CUDA.
    Blind spots: What a library is for comes from a table; of an unknown library only the name is told. Code
        that a program compiles when it runs (Triton, NVRTC, numba) is in no library, and is not judged. Nothing
        is said unless a GPU is named (--gpu, --fleet), nor where a layer is unread.
    References: CUDA C++ Programming Guide, "Binary Compatibility".
    """

    code: ClassVar[str] = "CUDA002"
    covers: ClassVar[tuple[int, ...]] = (35,)
    severity: ClassVar[Severity] = Severity.MEDIUM
    is_answer: ClassVar[bool] = True
    needs: ClassVar[tuple[type[Fact], ...]] = (GpuVerdict, *SEEN, LayerProof)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding a GPU that a person named."""
        for verdict in iter_asked(facts, Cause.CODE):
            if verdict.verdict is Verdict.PARTIAL:
                message = f"{tell_gpu(verdict)} runs this image in part: {verdict.reason}"
                severity = None if all(each.gives for each in verdict.lacking) else Severity.HIGH
                places = locate(verdict, *verdict.lacking)
                yield self.finding(message, *places, severity=severity, fixes=(suggest_build(verdict, facts),))
