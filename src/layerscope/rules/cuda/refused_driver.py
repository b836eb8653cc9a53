"""CUDA045: the NVIDIA runtime refuses to start the image on a host that was asked about."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.cuda.declared import CudaDeclaration
from layerscope.facts.cuda.gpu_verdict import GpuVerdict, Verdict
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.fact_set import FactSet
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix, FixKind
from layerscope.rules.gpu_findings import tell_gpu
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity


class RefusedDriver(Rule):
    """The image refuses a driver that was asked about.

    What it checks: The driver that was named (--driver, --fleet) against NVIDIA_REQUIRE_CUDA and its kin, or against
        what the runtime makes of CUDA_VERSION where that stands alone: alternatives, and conditions on CUDA, driver,
        compute capability and brand, as the runtime reads them.
    Why it matters: The container does not start: "requirement error: unsatisfied condition: cuda>=12.8". The check
        asks for the CUDA version that the driver serves, and knows neither minor-version compatibility nor a
        compatibility driver in the image, so that it refuses hosts on which all would work.
    Example: An image on `nvidia/cuda:12.8.0-base-ubuntu22.04` on a node with driver 560.35.05, which serves CUDA 12.6.
    Remedy: A newer driver, a base image of an older CUDA, or NVIDIA_DISABLE_REQUIRE where the driver is new enough.
    Fix safety: Review: with the check switched off, hosts that cannot run the image start it as well.
    Blind spots: Hosts whose engine hands out GPUs by CDI do not check. Which brand a GPU reports is known of consumer
        and data center models only. Nothing is said unless a driver is named.
    References: NVIDIA/nvidia-container-toolkit issues 152 and 940 (internal/requirements).
    """

    code: ClassVar[str] = "CUDA045"
    covers: ClassVar[tuple[int, ...]] = (33, 35)
    severity: ClassVar[Severity] = Severity.HIGH
    is_answer: ClassVar[bool] = True
    needs: ClassVar[tuple[type[Fact], ...]] = (GpuVerdict, CudaDeclaration)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding a GPU that a person named and that would run the image; of the others, worse is told."""
        for verdict in facts.of(GpuVerdict):
            if verdict.is_asked and verdict.refusal and verdict.verdict is not Verdict.NONE:
                yield self.finding(
                    f"The NVIDIA runtime refuses to start this image for {tell_gpu(verdict)} with driver "
                    f"{verdict.driver}: {verdict.refusal}",
                    Evidence(),
                    fixes=(_suggest(verdict),),
                )


def _suggest(verdict: GpuVerdict) -> Fix:
    """The check switched off, or met."""
    base = f"FROM nvidia/cuda:{verdict.cuda}.x-base-…" if verdict.cuda else "FROM a base image of an older CUDA"
    return Fix(
        f"Demand no more than the image needs: driver {verdict.minimum_driver or 'as old as its CUDA starts with'}",
        (
            "ENV NVIDIA_DISABLE_REQUIRE=1   (this driver is new enough for what is in the image)",
            f"Or {base}, or one without CUDA where wheels bring it",
            f"Or, on the host: driver {verdict.full_driver}, which came with this CUDA, or newer",
        ),
        kind=FixKind.CONFIG_EDIT,
    )
