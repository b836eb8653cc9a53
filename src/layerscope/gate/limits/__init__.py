"""Every limit, in the order in which a breach is told."""

from typing import Final

from layerscope.gate.limit import Limit
from layerscope.gate.limits.efficiency import MinEfficiency
from layerscope.gate.limits.forbidden_changes import ForbiddenChanges
from layerscope.gate.limits.gpu_verdict import LeastGpuVerdict
from layerscope.gate.limits.growth import MaxGrowth
from layerscope.gate.limits.layer_count import MaxLayers
from layerscope.gate.limits.size import MaxSize
from layerscope.gate.limits.waste import MaxWasted

LIMITS: Final[tuple[type[Limit], ...]] = (
    ForbiddenChanges,
    LeastGpuVerdict,
    MaxSize,
    MaxGrowth,
    MaxLayers,
    MaxWasted,
    MinEfficiency,
)
