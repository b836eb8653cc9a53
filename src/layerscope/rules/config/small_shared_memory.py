"""CONF013: the image's processes share memory, of which containers have 64 MiB."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.config.parallel_start import ParallelStart
from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.python.loader_workers import LoaderWorkers
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix, FixKind, FixPlace
from layerscope.rules.rule import Rule
from layerscope.rules.run_settings import choose_shm_size, tell_gib
from layerscope.rules.severity import Severity
from layerscope.rules.wording import tell_count


class SmallSharedMemory(Rule):
    """The image's processes share memory, of which containers have 64 MiB.

    What it checks: The command, or what its scripts start, runs a model on several GPUs (`--tensor-parallel-size 2`,
        `torchrun --nproc-per-node 4`), or the started Python script loads data by a `DataLoader` with workers.
    Why it matters: NCCL and the loader's workers hand data over in /dev/shm, and engines give a container 64 MiB of
        it. Then "Error while creating shared memory segment /dev/shm/nccl-…", "unable to write to file </torch_…>: No
        space left on device", a worker killed by a bus error, or ranks that wait without a word.
    Example: `CMD ["vllm", "serve", "/models/m", "--tensor-parallel-size", "2"]`, started by a plain `docker run`.
    Remedy: Give the container more when it is started; nothing in the image can.
    Fix safety: Review: what is written there counts as memory of the container.
    Blind spots: How a container is started is not in the image, so that this may be done already. Numbers that only
        the environment of a start gives, and loaders in other files than the started script, are not seen.
    References: https://docs.docker.com/reference/cli/docker/container/run/ ("--shm-size"); pytorch.org,
        "torch.utils.data"; vllm-project/vllm issue 1710; MiniMax-AI/MiniMax-01 issue 42.
    """

    code: ClassVar[str] = "CONF013"
    covers: ClassVar[tuple[int, ...]] = (41,)
    severity: ClassVar[Severity] = Severity.MEDIUM
    fixed_in: ClassVar[tuple[FixPlace, ...]] = (FixPlace.RECIPE,)
    needs: ClassVar[tuple[type[Fact], ...]] = (ParallelStart, LoaderWorkers)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """At most one finding: for GPUs, else for workers."""
        start, loader = facts.find(ParallelStart), facts.find(LoaderWorkers)
        if start is not None:
            where = f" in /{start.evidence.path}" if start.evidence.path else ""
            many = f"{start.processes:,} GPUs" if start.processes else "every GPU"
            message = f"{start.program} runs on {many} ({start.option}{where}), and NCCL shares memory between them"
            yield self.finding(message, start.evidence, fixes=(_give(start.program),))
        elif loader is not None:
            told = tell_count(loader.workers, "process", "processes")
            message = f"/{loader.evidence.path} loads its data in {told}, which hand it over in shared memory"
            yield self.finding(message, loader.evidence, fixes=(_give(""),))


def _give(program: str) -> Fix:
    """The size for each engine."""
    size = tell_gib(choose_shm_size(program))
    return Fix(
        "Give the container more shared memory",
        (
            f"docker run --shm-size {size}g …",
            f"Or in a compose file: shm_size: {size}gb",
            f"Or in a pod: a volume at /dev/shm with emptyDir: {{medium: Memory, sizeLimit: {size}Gi}}",
        ),
        kind=FixKind.RUN_FLAGS,
    )
