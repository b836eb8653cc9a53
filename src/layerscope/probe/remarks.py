"""What is worth saying of a probe in which nothing broke."""

from typing import Final

from layerscope.probe.hub_causes import list_hub_remarks
from layerscope.probe.memory_use import list_memory_remarks
from layerscope.probe.model_causes import ASKING
from layerscope.probe.observation import SKIPPED, Observation, StageResult
from layerscope.probe.tokenizer_remarks import list_tokenizer_remarks

SLOW_FIRST: Final = 10.0
"""Seconds of a first run from which on a kernel was compiled in it, and not only loaded."""

FASTER: Final = 20.0
"""How much faster the second run then is."""


def list_remarks(seen: Observation) -> tuple[str, ...]:
    """All of them."""
    return (
        *tell_muted(seen),
        *_tell_left_out(seen),
        *list_hub_remarks(seen),
        *_tell_asking(seen),
        *list_tokenizer_remarks(seen),
        *_tell_compiled(seen),
        *list_memory_remarks(seen),
    )


def tell_muted(seen: Observation) -> tuple[str, ...]:
    """That output is lost when a process ends without flushing."""
    visibility = seen.find("visibility")
    if visibility is None or visibility.kind != "muted":
        return ()
    return (f"output is {visibility.detail}: set PYTHONUNBUFFERED=1",)


def find_left_out(seen: Observation) -> StageResult | None:
    """The stage at which the image's own model was left out; None where it was run, or there is none."""
    own = (stage for stage in seen.stages if stage.name.startswith("own-") and stage.name != "own-stream")
    return next((stage for stage in own if stage.status == SKIPPED), None)


def _tell_left_out(seen: Observation) -> tuple[str, ...]:
    stage = find_left_out(seen)
    return (f"the image's own model was not run: {stage.detail}",) if stage is not None else ()


def _tell_asking(seen: Observation) -> tuple[str, ...]:
    stage = seen.find("own-lookup")
    if stage is None or stage.kind != ASKING:
        return ()
    remark = (
        f"the model is in the image and the hub is asked for it all the same, {stage.values.get('seconds')} s until it "
        "was given up without a network: ENV HF_HUB_OFFLINE=1"
    )
    return (remark,)


def _tell_compiled(seen: Observation) -> tuple[str, ...]:
    """Kernels that were compiled for this GPU at their first use, as they will be in every new container."""
    stage = seen.find("prefill")
    types = stage.values.get("types") if stage is not None else None
    rows = [row for row in types.values() if isinstance(row, dict)] if isinstance(types, dict) else []
    first, later = (sum(float(row.get(name) or 0) for row in rows) for name in ("first_seconds", "seconds"))
    if first < SLOW_FIRST or first < FASTER * later:
        return ()
    remark = (
        f"the first run took {first:.0f} s and the second {later:.2f} s: kernels were compiled for this GPU; keep them "
        "with CUDA_CACHE_PATH on a volume, or install a build for its architecture"
    )
    return (remark,)
