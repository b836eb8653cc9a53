"""CUDA009: the hosts of a GPU that was asked about have another processor than the image is for."""

from collections.abc import Iterator
from typing import ClassVar, Final

from layerscope.facts.cuda.gpu_verdict import Cause, GpuVerdict
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.proof import LayerProof
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix, FixKind
from layerscope.rules.gpu_findings import iter_asked, tell_gpu
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity

_FIX: Final = Fix(
    "Build the image for arm64, too",
    (
        "docker buildx build --platform linux/amd64,linux/arm64 --push -t IMAGE .",
        "Where the image has such a platform already: layerscope audit IMAGE --platform linux/arm64",
    ),
    kind=FixKind.REBUILD,
)


class ForeignHostProcessor(Rule):
    """The GPU's hosts have another processor than the image is for.

    What it checks: The architecture in the image's config against the processor of the hosts that a GPU comes with:
        GH200, GB200, GB300, GB10, Vera Rubin, T4G and the Jetson modules have Arm processors alone.
    Why it matters: No program of the image starts there: "exec format error", whatever GPU and driver could do.
    Example: A linux/amd64 image on a DGX Spark.
    Remedy: An image for the processor, whose wheels and CUDA packages are those for it (aarch64, sbsa or Tegra).
    Fix safety: Review: not every wheel is there for Arm, and those of one version may have other GPU architectures.
    Blind spots: GPUs that come with both kinds of host (H100, B200, cards) are not told. Emulation (QEMU by
        binfmt_misc) starts programs, yet without the GPU. Nothing is said unless a GPU is named (--gpu, --fleet).
    References: Hosts: the table gpu_arch. https://docs.docker.com/build/building/multi-platform/.
    """

    code: ClassVar[str] = "CUDA009"
    covers: ClassVar[tuple[int, ...]] = (27, 35)
    severity: ClassVar[Severity] = Severity.CRITICAL
    is_answer: ClassVar[bool] = True
    needs: ClassVar[tuple[type[Fact], ...]] = (GpuVerdict, LayerProof)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding a GPU that a person named."""
        for verdict in iter_asked(facts, Cause.HOST_PROCESSOR):
            message = f"{tell_gpu(verdict)} cannot run this image: {verdict.reason}"
            yield self.finding(message, Evidence(), fixes=(_FIX,))
