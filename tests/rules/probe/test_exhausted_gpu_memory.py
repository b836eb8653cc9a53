"""PROBE024 exhausted-gpu-memory: what it flags and what it lets pass."""

from layerscope.rules.probe.exhausted_gpu_memory import ExhaustedGpuMemory
from support.cases import flags, ignores
from support.probe_facts import broken


def test_flags_exhausted_gpu_memory() -> None:
    """By the words of PyTorch, and by the code of the driver."""
    words = "OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB"
    (finding,) = flags(ExhaustedGpuMemory, broken("weights", reason=words, consequences=()))
    assert finding.message == f"Stage decode fails: {words}"
    flags(ExhaustedGpuMemory, broken("kernel", kind="driver-error", cause="no-gpu-memory"))


def test_ignores_its_neighbour() -> None:
    """The container's own memory is limited apart."""
    ignores(ExhaustedGpuMemory, broken("weights", kind="out-of-memory", reason="MemoryError"))
