"""CUDA003 jit-only-device-code: what it flags and what it lets pass."""

from layerscope.facts.cuda.gpu_verdict import Verdict
from layerscope.rules.cuda.jit_only_device_code import JitOnlyDeviceCode
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.gpu_facts import verdict


def test_flags_code_that_has_to_be_compiled() -> None:
    """With a cache as a second cure."""
    (finding,) = flags(JitOnlyDeviceCode, verdict(Verdict.JIT))
    assert finding.message == "T4 (compute capability 7.5) runs this image after compilation: the reason"
    assert finding.severity is Severity.MEDIUM
    assert "CUDA_CACHE_PATH" in finding.fixes[1].steps[0]


def test_ignores_machine_code() -> None:
    """And GPUs that nobody asked about."""
    ignores(JitOnlyDeviceCode, verdict(Verdict.NATIVE), verdict(Verdict.JIT, is_asked=False))
