"""CUDA001: a GPU that was asked about finds no device code."""

from collections.abc import Iterator
from typing import ClassVar, Final

from layerscope.facts.cuda.gpu_verdict import Cause, GpuVerdict, Verdict
from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.proof import LayerProof
from layerscope.rules.completeness import has_unread_layers
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix
from layerscope.rules.gpu_builds import SEEN, has_cpu_torch, suggest_build
from layerscope.rules.gpu_findings import iter_asked, locate, tell_gpu
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Confidence, Severity
from layerscope.rules.wording import tell_list

_FIX: Final = Fix(
    "Install builds for CUDA, or run the image where it needs no GPU",
    (
        "Find out what is meant to compute: packages have builds for CUDA under another name, version or index",
        "Where the program compiles its code when it runs (Triton, NVRTC), allow missing-device-code",
    ),
)


class MissingDeviceCode(Rule):
    """The image has no device code for the GPU.

    What it checks: Every fatbinary container in the libraries is listed: which architectures it holds machine
        code (SASS) for, and which PTX. What decides is the framework's core library (libtorch_cuda for
        PyTorch); none of its containers runs on the GPU, nor can the driver compile one for it. An image
        without any device code, asked about a GPU, is told as high.
    Why it matters: Everything seems well until the first operation on the GPU, which ends with "no kernel image
        is available for execution on the device" (error 209).
    Example: A wheel built for sm_50 to sm_90 on an RTX 5090, which is 12.0.
    Remedy: Install a build that lists the architecture, or build with TORCH_CUDA_ARCH_LIST.
    Fix safety: Review: another build may bring another CUDA, and with it another driver floor.
    Blind spots: Code that a program compiles when it runs (Triton, NVRTC, numba) is in no library, and is not
        judged. Nothing is said unless a GPU is named (--gpu, --fleet), nor where a layer is unread.
    References: CUDA C++ Programming Guide, "Binary Compatibility"; pytorch/pytorch#31285.
    """

    code: ClassVar[str] = "CUDA001"
    covers: ClassVar[tuple[int, ...]] = (35,)
    severity: ClassVar[Severity] = Severity.CRITICAL
    is_answer: ClassVar[bool] = True
    needs: ClassVar[tuple[type[Fact], ...]] = (GpuVerdict, *SEEN, LayerProof)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding a GPU that a person named."""
        for verdict in iter_asked(facts, Cause.CODE):
            if verdict.verdict is Verdict.NONE:
                message = f"{tell_gpu(verdict)} cannot run this image: {verdict.reason}"
                yield self.finding(message, *locate(verdict), fixes=(suggest_build(verdict, facts),))
        empty = [] if has_unread_layers(facts) else [v for v in iter_asked(facts, Cause.NOTHING) if _is_empty(v)]
        if empty and not has_cpu_torch(facts):  # CUDA025 tells why, with a cure
            named = tell_list(dict.fromkeys(verdict.name for verdict in empty))
            message = f"The image has no device code at all, neither for {named} nor for any other GPU"
            yield self.finding(
                message, empty[0].evidence, severity=Severity.HIGH, confidence=Confidence.MEDIUM, fixes=(_FIX,)
            )


def _is_empty(verdict: GpuVerdict) -> bool:
    return verdict.verdict is Verdict.NO_CODE
