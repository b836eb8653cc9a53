"""Programs that run on several GPUs, by the command and by what scripts start."""

import pytest

from layerscope.facts.config.parallel_start import ParallelStart, ParallelStartCollector
from layerscope.image.config import RuntimeConfig
from support.contexts import collect, make_context
from support.tar_member import file

SCRIPT = b"#!/bin/sh\nexec vllm serve m --tensor-parallel-size 4 --api-key hush\n"


def find(*command: str, env: tuple[str, ...] = (), script: bytes = b"") -> tuple[str, str, int] | None:
    """Program, option and number of processes."""
    members = (file("start.sh", script, mode=0o755),) if script else ()
    context = make_context(members, runtime=RuntimeConfig(cmd=command, env=env))
    found = [each for each in collect(ParallelStartCollector, context) if isinstance(each, ParallelStart)]
    return (found[0].program, found[0].option, found[0].processes) if found else None


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (("vllm", "serve", "m", "-tp", "2"), ("vllm", "-tp", 2)),
        (("vllm", "serve", "m", "--tensor-parallel-size=2", "-pp", "3"), ("vllm", "--tensor-parallel-size -pp", 6)),
        (("python3", "-m", "sglang.launch_server", "--tp", "8"), ("sglang.launch_server", "--tp", 8)),
        (("torchrun", "--nproc-per-node", "gpu", "x.py"), ("torchrun", "--nproc-per-node", 0)),
        (("sh", "-c", "cd /app && torchrun --nproc_per_node=4 x.py"), ("torchrun", "--nproc_per_node", 4)),
        (("vllm", "serve", "m", "--tensor-parallel-size", "1"), None),
        (("vllm", "serve", "m", "--tensor-parallel-size", "$N"), None),
        (("vllm", "serve", "m", "--tensor-parallel-size", "99999"), None),
        (("serve", "--tensor-parallel-size", "2"), None),
        ((), None),
    ],
)
def test_the_command_says_so(command: tuple[str, ...], told: tuple[str, str, int] | None) -> None:
    """Options of one program are multiplied; one GPU, and a number that is not told, are nothing."""
    assert find(*command) == told


def test_scripts_and_variables_say_so() -> None:
    """Of a script only the words are kept that are known to be harmless."""
    assert find("/start.sh", script=SCRIPT) == ("vllm", "--tensor-parallel-size", 4)
    assert find("text-generation-launcher", env=("NUM_SHARD=2",)) == ("text-generation-launcher", "NUM_SHARD", 2)
    assert find("vllm", "serve", "m", env=("NUM_SHARD=2",)) is None
