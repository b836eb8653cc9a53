"""CUDA008: the driver that was asked about starts the image, and is older than its toolkit."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.cuda.gpu_verdict import Cause, GpuVerdict, Verdict
from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.proof import LayerProof
from layerscope.rules.finding import Finding
from layerscope.rules.gpu_findings import iter_asked, locate, suggest_driver, tell_gpu
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity

_RUNNING = frozenset({Verdict.NATIVE, Verdict.JIT, Verdict.PARTIAL})


class DriverOlderThanToolkit(Rule):
    """The driver starts the image, and is older than its toolkit.

    What it checks: The driver that was named is at or above the floor of the CUDA major version, and below the
        driver that came with the image's toolkit.
    Why it matters: Minor-version compatibility starts the program, but features that need the newer driver
        return error 36 or "not supported", and PTX of that toolkit cannot be compiled: code that a program
        compiles when it runs, by Triton or NVRTC of a newer minor version, may end with error 222.
    Example: PyTorch for CUDA 12.8 on driver 535.183.01, which serves CUDA 12.2.
    Remedy: Nothing, as long as all works; else the toolkit's driver on the host.
    Fix safety: Review: a driver is the host's affair.
    Blind spots: Which features a program uses is not known. Nothing is said unless a driver is named.
    References: https://docs.nvidia.com/deploy/cuda-compatibility/, "Minor Version Compatibility", limitations.
    """

    code: ClassVar[str] = "CUDA008"
    covers: ClassVar[tuple[int, ...]] = (31, 33)
    severity: ClassVar[Severity] = Severity.LOW
    is_answer: ClassVar[bool] = True
    needs: ClassVar[tuple[type[Fact], ...]] = (GpuVerdict, LayerProof)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding a GPU that a person named."""
        for verdict in iter_asked(facts, Cause.NOTHING, Cause.CODE):
            if verdict.is_below_toolkit and verdict.verdict in _RUNNING:
                message = (
                    f"{tell_gpu(verdict)} runs this image by minor-version compatibility: driver {verdict.driver} is "
                    f"older than {verdict.full_driver}, which came with CUDA {verdict.cuda}"
                )
                cure = suggest_driver(verdict.full_driver, "for all features and PTX of the toolkit")
                yield self.finding(message, *locate(verdict), fixes=(cure,))
