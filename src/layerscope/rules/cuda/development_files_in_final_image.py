"""CUDA038: the image holds what only building with CUDA needs."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.cuda.toolkit import CudaToolkit, DevelopmentFiles
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.weight import ImageWeight
from layerscope.rules.build_edit import UseVariant
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix, FixPlace
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.waste import CONSIDERABLE, NEGLIGIBLE, judge_waste
from layerscope.rules.wording import tell_layers, tell_list, tell_path, tell_size


class DevelopmentFilesInFinalImage(Rule):
    """The image holds what only building with CUDA needs.

    What it checks: Static libraries, headers, compilers, profilers and linker stubs of CUDA toolkits below
        /usr/local and /opt, and static libraries of CUDA among the system's.
    Why it matters: A `-devel` base image is gigabytes larger than its `-runtime` twin, most of it static libraries
        that nothing opens while the program runs.
    Example: `FROM nvidia/cuda:12.4.1-cudnn-devel-ubuntu22.04` for a server, because one package had to be compiled.
    Remedy: Compile in a stage of its own, and copy the result into one that starts from `-runtime` or `-base`.
    Fix safety: Review: programs that compile kernels while they run (some of vLLM, FlashInfer, DeepSpeed, CuPy) need
        nvcc and headers.
    Blind spots: Whether a program compiles while it runs is not known. Compilers and headers that wheels bring are
        not counted. A deletion in a later step frees nothing.
    References: https://hub.docker.com/r/nvidia/cuda; https://docs.docker.com/build/building/multi-stage/.
    """

    code: ClassVar[str] = "CUDA038"
    covers: ClassVar[tuple[int, ...]] = (52,)
    severity: ClassVar[Severity] = Severity.MEDIUM
    needs: ClassVar[tuple[type[Fact], ...]] = (CudaToolkit, ImageWeight)
    fixed_in: ClassVar[tuple[FixPlace, ...]] = (FixPlace.DOCKERFILE,)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding for all toolkits."""
        toolkits = [each for each in facts.of(CudaToolkit) if each.development]
        size = sum(each.development_size for each in toolkits)
        if size < NEGLIGIBLE:
            return
        files = [item for toolkit in toolkits for item in toolkit.development]
        sizes: dict[str, int] = {}
        for item in files:
            sizes[item.kind] = sizes.get(item.kind, 0) + item.size
        ordered = sorted(sizes.items(), key=lambda pair: (-pair[1], pair[0]))
        told = tell_list((f"{kind} {tell_size(number)}" for kind, number in ordered), shown=5)
        roots = tell_list(tell_path(each.root) if each.root else "the system's libraries" for each in toolkits)
        message = f"{roots} ({tell_layers({item.layer for item in files})}) hold {tell_size(size)} for building: {told}"
        severity = min(judge_waste(size, facts), Severity.MEDIUM)
        yield self.finding(
            message,
            *_locate(toolkits),
            severity=severity if size >= CONSIDERABLE else Severity.LOW,
            fixes=(_suggest(toolkits, files),),
            wasted=size,
        )


def _locate(toolkits: list[CudaToolkit]) -> tuple[Evidence, ...]:
    """Each toolkit in the layers that hold its files for building, most bytes first."""
    places = (Evidence(item.layer, toolkit.root or None) for toolkit in toolkits for item in toolkit.development)
    return tuple(dict.fromkeys(places))


def _suggest(toolkits: list[CudaToolkit], files: list[DevelopmentFiles]) -> Fix:
    """A final stage without them."""
    version = next((each.version for each in toolkits if each.version), "X.Y.Z")
    return Fix(
        f"Build in one stage, run in another, and lose {tell_size(sum(item.size for item in files))}",
        (
            f"FROM nvidia/cuda:{version}-devel-ubuntu22.04 AS build   (compile here: pip wheel --wheel-dir /wheels …)",
            f"FROM nvidia/cuda:{version}-runtime-ubuntu22.04   (or -base, where wheels bring CUDA's libraries)",
            "COPY --from=build /wheels /wheels",
        ),
        build_edits=(UseVariant("runtime"),),
    )
