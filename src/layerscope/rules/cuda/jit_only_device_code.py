"""CUDA003: the driver has to compile the device code for a GPU that was asked about."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.cuda.gpu_verdict import Cause, GpuVerdict, Verdict
from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.proof import LayerProof
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix, FixKind
from layerscope.rules.gpu_builds import SEEN, suggest_build
from layerscope.rules.gpu_findings import iter_asked, locate, tell_gpu
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity

CACHE = Fix(
    "Keep the compiled code on a volume, and let the cache grow",
    (
        "ENV CUDA_CACHE_PATH=/var/cache/nv CUDA_CACHE_MAXSIZE=4294967296",
        "Run with: -v nv-cache:/var/cache/nv",
    ),
    kind=FixKind.RUN_FLAGS,
)


class JitOnlyDeviceCode(Rule):
    """The driver has to compile the device code at first use.

    What it checks: The deciding libraries hold PTX for the GPU, but no machine code.
    Why it matters: The driver compiles all of it when it is first used: minutes without a sign of life, in
        every new container, since the cache in ~/.nv/ComputeCache is lost with it and holds 1 GiB by default. A
        driver older than the PTX cannot compile it at all (error 222).
    Example: A wheel with machine code up to sm_90 and PTX for compute_90, on a B200.
    Remedy: Install a build with machine code for the GPU, or keep the cache on a volume.
    Fix safety: Review: another build may bring another CUDA.
    Blind spots: Code that a program compiles when it runs (Triton, NVRTC, numba) is in no library, and is not
        judged. Nothing is said unless a GPU is named (--gpu, --fleet), nor where a layer is unread.
    References: CUDA C++ Programming Guide, "Just-in-Time Compilation"; "CUDA Environment Variables"
        (CUDA_CACHE_PATH, CUDA_CACHE_MAXSIZE).
    """

    code: ClassVar[str] = "CUDA003"
    covers: ClassVar[tuple[int, ...]] = (35,)
    severity: ClassVar[Severity] = Severity.MEDIUM
    is_answer: ClassVar[bool] = True
    needs: ClassVar[tuple[type[Fact], ...]] = (GpuVerdict, *SEEN, LayerProof)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding a GPU that a person named."""
        for verdict in iter_asked(facts, Cause.NOTHING):
            if verdict.verdict is Verdict.JIT:
                message = f"{tell_gpu(verdict)} runs this image after compilation: {verdict.reason}"
                yield self.finding(message, *locate(verdict), fixes=(suggest_build(verdict, facts), CACHE))
