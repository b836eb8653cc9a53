"""CUDA006 dropped-architecture: what it flags and what it lets pass."""

from layerscope.facts.cuda.gpu_verdict import Cause, Verdict
from layerscope.rules.cuda.dropped_architecture import DroppedArchitecture
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.gpu_facts import verdict


def test_flags_a_gpu_that_the_cuda_has_dropped() -> None:
    """An older CUDA is the only cure."""
    (finding,) = flags(DroppedArchitecture, verdict(Verdict.NONE, Cause.ARCHITECTURE, name="V100", capability="7.0"))
    assert finding.message == "V100 (compute capability 7.0) cannot run this image: the reason"
    assert finding.severity is Severity.CRITICAL


def test_ignores_a_gpu_that_the_build_left_out() -> None:
    """Its CUDA could compile for it."""
    ignores(DroppedArchitecture, verdict(Verdict.NONE, Cause.CODE))
