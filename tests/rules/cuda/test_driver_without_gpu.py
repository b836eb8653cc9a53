"""CUDA007 driver-without-gpu: what it flags and what it lets pass."""

import pytest

from layerscope.facts.cuda.gpu_verdict import Cause, Verdict
from layerscope.rules.cuda.driver_without_gpu import DriverWithoutGpu
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.gpu_facts import verdict


@pytest.mark.parametrize(
    ("cause", "cure"),
    [
        (Cause.DRIVER_BEFORE_GPU, "Install driver 580.65.06 or newer on the host, which knows the GPU"),
        (Cause.DRIVER_TOO_NEW, "Stay on driver R580, the last that knows the GPU"),
    ],
)
def test_flags_drivers_that_come_before_or_after_the_gpu(cause: Cause, cure: str) -> None:
    """Each with its cure."""
    (finding,) = flags(DriverWithoutGpu, verdict(Verdict.NONE, cause))
    assert finding.severity is Severity.CRITICAL
    assert [fix.title for fix in finding.fixes] == [cure]


def test_ignores_drivers_that_know_the_gpu() -> None:
    """Whatever else they lack."""
    ignores(DriverWithoutGpu, verdict(Verdict.NATIVE), verdict(Verdict.NONE, Cause.DRIVER_TOO_OLD))
