"""GPU verdicts as the JSON report has them."""

from typing import Final, get_args

from layerscope.facts.cuda.gpu_verdict import GpuVerdict, LibraryVerdict, Verdict
from layerscope.report.json_v1_gpus import GpuLibraryV1, GpuV1, GpuVerdictName
from layerscope.report.places import root_path

_VERDICTS: Final[dict[Verdict, GpuVerdictName]] = {Verdict(name): name for name in get_args(GpuVerdictName)}


def build_gpu(verdict: GpuVerdict) -> GpuV1:
    """How the image fares on one GPU."""
    return GpuV1(
        name=verdict.name,
        compute_capability=verdict.compute_capability,
        verdict=_VERDICTS[verdict.verdict],
        code_verdict=_VERDICTS[verdict.code_verdict or verdict.verdict],
        cause=verdict.cause.value,
        reason=verdict.reason,
        evidence=[root_path(library.path) for library in verdict.libraries],
        minimum_driver=verdict.minimum_driver or None,
        full_driver=verdict.full_driver or None,
        last_driver_branch=verdict.last_branch,
        driver=verdict.driver or None,
        node=verdict.node or None,
        count=verdict.count,
        asked=verdict.is_asked,
        libraries=[_build_library(library) for library in verdict.libraries],
    )


def _build_library(library: LibraryVerdict) -> GpuLibraryV1:
    return GpuLibraryV1(
        path=root_path(library.path),
        layer=library.layer,
        verdict=_VERDICTS[library.verdict],
        gives=library.gives,
        native=library.native,
        jit=library.jit,
        best=library.best,
        targets=list(library.targets),
    )
