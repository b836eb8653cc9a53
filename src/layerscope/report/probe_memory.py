"""The memory of a probe, in a line for people and in numbers for programs."""

from layerscope.facts.probe.stage_titles import TITLES
from layerscope.probe.memory_use import Use, find_gpu_use, find_host_use
from layerscope.probe.observation import Observation
from layerscope.rules.wording import tell_size


def tell_memory(seen: Observation) -> str:
    """The most that was used, of how much, and at which stage; empty where nothing was measured."""
    told = []
    host, gpu = find_host_use(seen), find_gpu_use(seen)
    if host is not None:
        told.append(f"{_tell_use(host)} at {TITLES.get(host.stage, host.stage)}")
    if gpu is not None:
        own = f", {tell_size(gpu.own)} of them PyTorch's" if gpu.own is not None else ""
        told.append(f"GPU: {_tell_use(gpu)} at {TITLES.get(gpu.stage, gpu.stage)}{own}")
    return "; ".join(told)


def _tell_use(use: Use) -> str:
    return f"{tell_size(use.used)} of {tell_size(use.total)}" if use.total else tell_size(use.used)


def build_memory(seen: Observation) -> dict[str, object]:
    """The most of each kind, in bytes; each stage's own measurements are among the observations."""
    uses = {"host": find_host_use(seen), "gpu": find_gpu_use(seen)}
    return {
        name: {"stage": use.stage, "used": use.used, "total": use.total, "own": use.own}
        for name, use in uses.items()
        if use is not None
    }
