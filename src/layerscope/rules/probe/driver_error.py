"""PROBE022: the CUDA driver refuses its work."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.probe.broken_stage import BrokenStage
from layerscope.rules.finding import Finding
from layerscope.rules.probe_defects import Defect, cure_broken, iter_broken, locate_broken, tell_broken
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity


class DriverError(Rule):
    """The CUDA driver refuses its work.

    What it checks: cuInit, a context, a kernel compiled from PTX and its launch give no error, without any
        framework.
    Why it matters: What the driver refuses no framework can do. Its code says more than the message that a
        framework makes of it.
    Example: 803: libcuda.so.1 out of a compat package, which does not fit the host's kernel module.
    Remedy: That of the code: take driver libraries out of the image, start the fabric manager, load nvidia-uvm.
    Fix safety: Review: half of the causes lie on the host.
    Blind spots: A driver that works for the probe may fail under load.
    References: docs.nvidia.com/cuda/cuda-driver-api, CUresult; docs.nvidia.com/deploy/cuda-compatibility.
    """

    code: ClassVar[str] = "PROBE022"
    covers: ClassVar[tuple[int, ...]] = (31, 33, 35)
    severity: ClassVar[Severity] = Severity.HIGH
    needs: ClassVar[tuple[type[Fact], ...]] = (BrokenStage,)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding, for the first stage that broke, if it broke in this way."""
        for fact in iter_broken(facts, Defect.DRIVER):
            fixes = cure_broken(fact, "Look at the host: nvidia-smi, and dmesg | grep NVRM")
            yield self.finding(tell_broken(fact), *locate_broken(fact), fixes=fixes)
