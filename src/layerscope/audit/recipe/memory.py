"""Shared memory and the limits of locked memory and stack."""

from collections.abc import Iterator

from layerscope.audit.recipe.ground import Ground, of_finding
from layerscope.facts.config.parallel_start import ParallelStart
from layerscope.facts.cuda.rdma_libraries import RdmaLibraries
from layerscope.facts.python.loader_workers import LoaderWorkers
from layerscope.recipe.memory_volume import make_shm_setting
from layerscope.recipe.setting import LeftOut, Setting
from layerscope.rules.config.small_shared_memory import SmallSharedMemory
from layerscope.rules.cuda.locked_memory_limit import LockedMemoryLimit
from layerscope.rules.run_settings import STACK_BYTES, choose_shm_size
from layerscope.rules.wording import tell_count


def derive_memory(ground: Ground) -> Iterator[Setting | LeftOut]:
    """What findings of the audit ask for; nothing by habit."""
    yield _derive_shm(ground)
    verbs = ground.facts.find(RdmaLibraries)
    if verbs is None:
        yield LeftOut("ulimits", "the image does not hold NCCL and libibverbs, which lock memory for RDMA")
        return
    reason = "NCCL and libibverbs lock what they register for RDMA; matters where hosts talk by InfiniBand or RoCE"
    yield Setting(
        "locked memory and stack",
        reason,
        of_finding(LockedMemoryLimit.code, verbs.evidence),
        docker=(("--ulimit", "memlock=-1"), ("--ulimit", f"stack={STACK_BYTES}")),
        compose={"ulimits": {"memlock": -1, "stack": STACK_BYTES}},
        container={"securityContext": {"capabilities": {"add": ["IPC_LOCK"]}}},
    )


def _derive_shm(ground: Ground) -> Setting | LeftOut:
    """The size of /dev/shm, for several GPUs or a loader's workers."""
    start, loader = ground.facts.find(ParallelStart), ground.facts.find(LoaderWorkers)
    if start is not None:
        told = f"{start.program} runs on {f'{start.processes} GPUs' if start.processes else 'every GPU'}"
        reason = f"{told} ({start.option}), and NCCL needs more than the 64 MiB that engines give"
        source = of_finding(SmallSharedMemory.code, start.evidence)
        return make_shm_setting(choose_shm_size(start.program), reason, source)
    if loader is not None:
        workers = tell_count(loader.workers, "process", "processes")
        reason = f"a DataLoader hands data over from {workers}, and needs more than the 64 MiB that engines give"
        return make_shm_setting(choose_shm_size(""), reason, of_finding(SmallSharedMemory.code, loader.evidence))
    return LeftOut(
        "shared memory",
        "the image names neither several GPUs nor a loader's workers; with --tensor-parallel-size or the like, "
        "give it more than 64 MiB",
    )
