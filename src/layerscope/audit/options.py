"""AuditOptions: how an image is read and judged."""

import os
from dataclasses import dataclass, field

from layerscope.facts.cuda.gpu_target import GpuTarget, NodeType
from layerscope.image.platform import Platform
from layerscope.layers.cache import LayerCache
from layerscope.layers.limits import Limits
from layerscope.policies.policies import Policies
from layerscope.sources.source import Source


def default_jobs() -> int:
    """Layers read at a time unless told otherwise: one for each processor this process may use."""
    return len(os.sched_getaffinity(0))


@dataclass(frozen=True)
class AuditOptions:
    """What a caller decides about an audit; everything else follows from the image."""

    cache: LayerCache
    platform: Platform | None = None
    jobs: int = field(default_factory=default_jobs)
    base: Source | None = None
    """The image that this one was built on, to tell its layers from one's own."""
    limits: Limits = field(default_factory=Limits)
    policies: Policies = field(default_factory=Policies)
    """Tables of outside knowledge: drivers, GPUs, releases."""
    targets: tuple[GpuTarget, ...] = ()
    """GPUs to be judged; the common ones where there is none."""
    driver: str = ""
    """The driver that they have: a version or a branch, empty where it is not known."""
    fleet: tuple[NodeType, ...] = ()
    """Node types to be judged, each with a GPU and a driver."""
    by_table: bool = False
    """Whether a layer is told from its table of contents, where it has one, instead of being read."""
