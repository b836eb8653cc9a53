"""CONF013 small-shared-memory: what it flags and what it lets pass."""

import pytest

from layerscope.facts.config.parallel_start import ParallelStart, ParallelStartCollector
from layerscope.facts.fact import Evidence
from layerscope.facts.python.loader_workers import LoaderWorkers
from layerscope.image.config import RuntimeConfig
from layerscope.rules.config.small_shared_memory import SmallSharedMemory
from layerscope.rules.fix import FixKind
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.contexts import collect, make_context


def test_flags_a_server_on_several_gpus() -> None:
    """With the size that its own documentation asks for."""
    (finding,) = flags(SmallSharedMemory, ParallelStart(Evidence(), "sglang.launch_server", "--tp-size", 8))
    assert finding.message == "sglang.launch_server runs on 8 GPUs (--tp-size), and NCCL shares memory between them"
    assert finding.severity is Severity.MEDIUM
    (fix,) = finding.fixes
    assert (fix.kind, fix.steps[0]) == (FixKind.RUN_FLAGS, "docker run --shm-size 32g …")


def test_flags_a_loader_s_workers() -> None:
    """At the script."""
    (finding,) = flags(SmallSharedMemory, LoaderWorkers(Evidence(2, "app/train.py"), 4))
    assert finding.message == "/app/train.py loads its data in 4 processes, which hand it over in shared memory"
    assert finding.locations[0].path == "app/train.py"


@pytest.mark.parametrize(
    "command",
    [
        ("vllm", "serve", "m"),
        ("vllm", "serve", "m", "-tp", "1"),
        ("text-generation-launcher",),
        ("python3", "-tp", "2"),
    ],
)
def test_ignores_one_gpu(command: tuple[str, ...]) -> None:
    """The nearest neighbour: the same programs without the option, or with one GPU; and other programs."""
    facts = collect(ParallelStartCollector, make_context((), runtime=RuntimeConfig(cmd=command)))
    ignores(SmallSharedMemory, *facts)
