"""PROBE021: CUDA is not available in the container."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.probe.broken_stage import BrokenStage
from layerscope.rules.finding import Finding
from layerscope.rules.probe_defects import Defect, cure_broken, iter_broken, locate_broken, tell_broken
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity


class UnavailableCuda(Rule):
    """CUDA is not available in the container.

    What it checks: Device nodes are there and may be opened, the driver's library is there, no variable hides the
        GPU, and PyTorch has a build for it. The first that is missing is named, with what the image's files say of
        it.
    Why it matters: `torch.cuda.is_available()` is False for a dozen reasons, and says none of them.
    Example: `NVIDIA_DRIVER_CAPABILITIES=utility` in the image: nvidia-smi works, and libcuda.so.1 is not there.
    Remedy: That of the first missing link: give the container a GPU, take a variable out of the image, or install
        another build.
    Fix safety: Review: whether a GPU should be there is known to the user alone.
    Blind spots: Only asked where a GPU is wanted, or where something of one is there.
    References: docs.nvidia.com/datacenter/cloud-native, "Container Toolkit".
    """

    code: ClassVar[str] = "PROBE021"
    covers: ClassVar[tuple[int, ...]] = (9, 32, 35)
    severity: ClassVar[Severity] = Severity.HIGH
    needs: ClassVar[tuple[type[Fact], ...]] = (BrokenStage,)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding, for the first stage that broke, if it broke in this way."""
        for fact in iter_broken(facts, Defect.CUDA):
            fixes = cure_broken(fact, "Give the container a GPU: --gpus all")
            yield self.finding(tell_broken(fact), *locate_broken(fact), fixes=fixes)
