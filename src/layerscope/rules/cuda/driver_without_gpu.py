"""CUDA007: the driver that was asked about does not know the GPU."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.cuda.gpu_verdict import Cause, GpuVerdict
from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.proof import LayerProof
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix, FixKind
from layerscope.rules.gpu_findings import iter_asked, locate, suggest_driver, tell_gpu
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity


class DriverWithoutGpu(Rule):
    """The driver does not know the GPU.

    What it checks: The driver that was named against the branches that know the GPU's architecture: from the
        toolkit that first compiled for it, to the last branch before it was dropped.
    Why it matters: The driver does not load for the GPU, and programs see no device.
    Example: A V100 with driver 590 (R580 is the last for Volta); a B300 with driver 570.
    Remedy: A driver of a branch that knows the GPU.
    Fix safety: Review: a driver is the host's affair.
    Blind spots: Branches are derived from toolkits: a GPU may have had an earlier driver of its own. Nothing is
        said unless a driver is named.
    References: NVIDIA Data Center Drivers, "CUDA Toolkit, Driver, and Architecture Matrix".
    """

    code: ClassVar[str] = "CUDA007"
    covers: ClassVar[tuple[int, ...]] = (31, 35)
    severity: ClassVar[Severity] = Severity.CRITICAL
    is_answer: ClassVar[bool] = True
    needs: ClassVar[tuple[type[Fact], ...]] = (GpuVerdict, LayerProof)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding a GPU that a person named."""
        for verdict in iter_asked(facts, Cause.DRIVER_BEFORE_GPU, Cause.DRIVER_TOO_NEW):
            message = f"{tell_gpu(verdict)} cannot run this image: {verdict.reason}"
            is_old = verdict.cause is Cause.DRIVER_BEFORE_GPU
            cure = suggest_driver(verdict.minimum_driver, "which knows the GPU") if is_old else _keep(verdict)
            yield self.finding(message, *locate(verdict), fixes=(cure,))


def _keep(verdict: GpuVerdict) -> Fix:
    return Fix(
        f"Stay on driver R{verdict.last_branch}, the last that knows the GPU",
        (f"On the host: install the newest driver of branch {verdict.last_branch}, and hold its package",),
        kind=FixKind.HOST_ACTION,
    )
