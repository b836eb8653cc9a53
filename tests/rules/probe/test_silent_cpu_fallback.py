"""PROBE023 silent-cpu-fallback: what it flags and what it lets pass."""

from layerscope.facts.probe.idle_gpu import IdleGpu
from layerscope.rules.probe.silent_cpu_fallback import SilentCpuFallback
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.probe_facts import WHOLE, broken

IDLE = IdleGpu(WHOLE, ("NVIDIA H100",), "", "")


def test_flags_a_pytorch_for_gpus_that_went_on_with_the_cpu() -> None:
    """Said once, by the stage that broke."""
    stage = broken("device", kind="cpu-fallback", title="stage device fails", reason="too old", consequences=())
    (finding,) = flags(SilentCpuFallback, stage, IDLE)
    assert finding.message == "Stage device fails: too old"
    assert finding.severity is Severity.HIGH


def test_a_pytorch_without_cuda_is_a_smaller_matter() -> None:
    """The image may be meant so."""
    (finding,) = flags(SilentCpuFallback, IDLE)
    assert finding.severity is Severity.LOW
    assert "NVIDIA H100" in finding.message
    assert finding.message.endswith("PyTorch was built without CUDA")


def test_ignores_a_gpu_that_is_not_to_be_had() -> None:
    """That is no fallback, but a container without a GPU."""
    ignores(SilentCpuFallback, broken("device", kind="cuda-unavailable"))
