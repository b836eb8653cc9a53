"""Memory over all stages: the most that was used, of how much, and when that is too much."""

from typing import Final

from msgspec import Struct

from layerscope.facts.probe.stage_titles import tell_stage
from layerscope.probe.observation import Observation

NEARLY_ALL: Final = 0.95
"""Share of memory from which on little more fits: a longer prompt or one request more ends the process."""

TAKING_ALL: Final = frozenset({"jax", "tensorflow"})
"""Frameworks that take most of a GPU's memory when they start, whatever the model needs."""

TAKING_ENGINES: Final = frozenset({"vllm", "sglang"})
"""Engines that do the same by a fraction that is configured."""


class Use(Struct, frozen=True):
    """The most that any stage used of one kind of memory, in bytes."""

    stage: str
    used: int
    total: int | None = None
    own: int | None = None
    """What PyTorch had reserved of it."""

    @property
    def share(self) -> float | None:
        """Of the total."""
        return self.used / self.total if self.total else None


def find_host_use(seen: Observation) -> Use | None:
    """The most memory of the container, or of the process where there is no cgroup to ask."""
    found: list[Use] = []
    for stage in seen.stages:
        memory = _read(stage.values.get("memory"))
        group = _read(memory.get("cgroup"))
        used, limit = _number(group.get("used")), _number(group.get("limit"))
        peak = _number(memory.get("rss_peak"))
        if used is not None and limit is not None:
            found.append(Use(stage.name, max(used, 0), limit))
        elif peak is not None:
            found.append(Use(stage.name, peak))
    return max(found, key=lambda use: use.used, default=None)


def find_gpu_use(seen: Observation) -> Use | None:
    """The most memory of the first GPU, others' use of it included."""
    found: list[Use] = []
    for stage in seen.stages:
        gpu = _read(_read(stage.values.get("memory")).get("gpu"))
        total = _number(gpu.get("total")) or _number(gpu.get("driver_total"))
        free = _number(gpu.get("free"))
        free = _number(gpu.get("driver_free")) if free is None else free
        if total and free is not None:
            own = _number(gpu.get("reserved_peak")) or _number(gpu.get("reserved"))
            found.append(Use(stage.name, total - free, total, own))
    return max(found, key=lambda use: use.used, default=None)


def list_memory_remarks(seen: Observation) -> tuple[str, ...]:
    """What is nearly used up; of a GPU not where a framework takes all of it as a matter of course."""
    found = []
    host, gpu = find_host_use(seen), find_gpu_use(seen)
    if host is not None and (host.share or 0) >= NEARLY_ALL:
        found.append(
            f"stage {tell_stage(host.stage)} used {host.share:.0%} of the container's memory: give it more: --memory"
        )
    if gpu is not None and (gpu.share or 0) >= NEARLY_ALL and not takes_all(seen):
        found.append(
            f"stage {tell_stage(gpu.stage)} used {gpu.share:.0%} of the GPU's memory: a longer prompt may not fit"
        )
    return tuple(found)


def takes_all(seen: Observation) -> bool:
    """Whether what was imported takes memory beforehand."""
    stage = seen.find("imports")
    modules = _read(stage.values.get("modules")) if stage is not None else {}
    return bool((TAKING_ALL | TAKING_ENGINES) & set(modules))


def _read(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
