"""CUDA004: the driver that was asked about is older than the image's CUDA starts with."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.cuda.gpu_verdict import Cause, GpuVerdict
from layerscope.facts.cuda.releases import numbers
from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.proof import LayerProof
from layerscope.rules.finding import Finding
from layerscope.rules.gpu_builds import SEEN, suggest_build
from layerscope.rules.gpu_findings import iter_asked, locate, suggest_compat, suggest_driver, tell_gpu
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.wording import tell_list


class DriverBelowFloor(Rule):
    """The driver is older than the image's CUDA starts with.

    What it checks: The driver that was named (--driver, --fleet) against the floor of the CUDA major version
        that the image's frameworks were built for. Within a major version any minor version starts; a user-mode
        driver in the image (cuda-compat) that names the host's branch counts for data center GPUs.
    Why it matters: torch.cuda.is_available() is False, or the program ends with error 35, "CUDA driver version
        is insufficient for CUDA runtime version".
    Example: PyTorch for CUDA 13.0 on nodes with driver 535.183.01: CUDA 13 needs 580.65.06.
    Remedy: A newer driver on the host, or a build for an older CUDA in the image, or, for data center GPUs, the
        compatibility driver (cuda-compat) of that CUDA.
    Fix safety: Review: a driver is the host's affair, and another build may lack newer features.
    Blind spots: Whether the container runtime puts a compat library in front is the host's affair. Nothing is
        said unless a driver is named.
    References: https://docs.nvidia.com/deploy/cuda-compatibility/, "Minor Version Compatibility".
    """

    code: ClassVar[str] = "CUDA004"
    covers: ClassVar[tuple[int, ...]] = (33, 35)
    severity: ClassVar[Severity] = Severity.CRITICAL
    is_answer: ClassVar[bool] = True
    needs: ClassVar[tuple[type[Fact], ...]] = (GpuVerdict, *SEEN, LayerProof)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding a GPU that a person named; where only a driver was, one for all common GPUs."""
        for verdict in iter_asked(facts, Cause.DRIVER_TOO_OLD):
            message = f"{tell_gpu(verdict)} cannot run this image: {verdict.reason}"
            fixes = [suggest_driver(verdict.minimum_driver, f"the floor of CUDA {verdict.cuda}")]
            if verdict.torch_builds:
                fixes.append(suggest_build(verdict, facts))
            if verdict.compat_package:
                fixes.append(suggest_compat(verdict.compat_package))
            yield self.finding(message, *locate(verdict), fixes=tuple(fixes))
        verdicts = [each for each in facts.of(GpuVerdict) if each.driver and not each.is_asked]
        refused = [each for each in verdicts if each.cause is Cause.DRIVER_TOO_OLD]
        if refused:
            yield self._tell_common(refused, len(verdicts))

    def _tell_common(self, refused: list[GpuVerdict], count: int) -> Finding:
        """What a driver means that was named without a GPU."""
        floor, first = min((each.minimum_driver for each in refused), key=numbers), refused[0]
        named = tell_list((each.name for each in refused), shown=4)
        message = f"{len(refused)} of {count} common GPUs ({named}) cannot run this image: {first.reason}"
        cure = suggest_driver(floor, f"the floor of CUDA {first.cuda}")
        return self.finding(message, *locate(first), fixes=(cure,))
