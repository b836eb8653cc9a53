"""What rules about GPU verdicts have in common: which verdicts they judge, and how they tell GPUs, places and cures."""

from collections.abc import Iterator
from typing import Final

from layerscope.facts.cuda.gpu_verdict import Cause, GpuVerdict, LibraryVerdict
from layerscope.facts.fact import Evidence
from layerscope.facts.fact_set import FactSet
from layerscope.rules.completeness import has_unread_layers
from layerscope.rules.fix import Fix, FixKind
from layerscope.rules.wording import SHOWN_LOCATIONS

_OF_CODE: Final = frozenset({Cause.NOTHING, Cause.CODE, Cause.ARCHITECTURE, Cause.PTX_TOO_NEW})
"""What a library in a layer that could not be read would change."""


def iter_asked(facts: FactSet, *causes: Cause) -> Iterator[GpuVerdict]:
    """The verdicts for GPUs that a person named, with one of the causes; none that an unread layer could change."""
    open_to_doubt = _OF_CODE if has_unread_layers(facts) else frozenset[Cause]()
    return (
        verdict
        for verdict in facts.of(GpuVerdict)
        if verdict.is_asked and verdict.cause in causes and verdict.cause not in open_to_doubt
    )


def tell_gpu(verdict: GpuVerdict) -> str:
    """The GPU, its compute capability, and the node type: `V100 (compute capability 7.0)`."""
    named = verdict.name != verdict.compute_capability
    gpu = f"{verdict.name} (compute capability {verdict.compute_capability})" if named else f"A GPU of {verdict.name}"
    return f"{gpu} on {verdict.node}" if verdict.node else gpu


def locate(verdict: GpuVerdict, *libraries: LibraryVerdict) -> tuple[Evidence, ...]:
    """The verdict's evidence, then the libraries."""
    places = [verdict.evidence, *(Evidence(each.layer, each.path) for each in libraries)]
    return tuple(dict.fromkeys(Evidence(each.layer, each.path) for each in places))[:SHOWN_LOCATIONS]


def suggest_driver(driver: str, why: str) -> Fix:
    """A newer driver on the host."""
    branch = f"BRANCH being {driver.partition('.')[0]} or a later one that NVIDIA still supports"
    return Fix(
        f"Install driver {driver} or newer on the host, {why}",
        (f"On the host: apt-get install nvidia-driver-BRANCH-server, {branch}   (or the vendor's package)",),
        kind=FixKind.HOST_ACTION,
    )


def suggest_compat(package: str) -> Fix:
    """CUDA's own user-mode driver for older hosts."""
    return Fix(
        f"Bring the compatibility driver of that CUDA, {package}, which data center GPUs may use",
        (
            f"RUN apt-get update && apt-get install -y {package}   (from NVIDIA's CUDA repository)",
            "On the host: nvidia-container-toolkit 1.18 or newer, which puts it in front where it helps",
        ),
    )
