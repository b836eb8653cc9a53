"""CUDA008 driver-older-than-toolkit: what it flags and what it lets pass."""

from msgspec.structs import replace

from layerscope.facts.cuda.gpu_verdict import Cause, Verdict
from layerscope.rules.cuda.driver_older_than_toolkit import DriverOlderThanToolkit
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.gpu_facts import verdict


def test_flags_minor_version_compatibility() -> None:
    """It starts, with less than the toolkit offers."""
    (finding,) = flags(DriverOlderThanToolkit, replace(verdict(Verdict.NATIVE), driver="580.95.05"))
    assert finding.message == (
        "T4 (compute capability 7.5) runs this image by minor-version compatibility: driver 580.95.05 is older than "
        "595.45.04, which came with CUDA 13.2"
    )
    assert finding.severity is Severity.LOW


def test_ignores_the_toolkits_driver_and_newer_ones() -> None:
    """And images that do not run at all, and drivers that nobody named."""
    ignores(DriverOlderThanToolkit, replace(verdict(Verdict.NATIVE), driver="595.45.04"))
    ignores(DriverOlderThanToolkit, replace(verdict(Verdict.NATIVE), driver="R595"))
    ignores(DriverOlderThanToolkit, replace(verdict(Verdict.NONE, Cause.DRIVER_TOO_OLD), driver="535"))
    ignores(DriverOlderThanToolkit, verdict(Verdict.NATIVE))
