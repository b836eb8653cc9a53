"""CUDA004 driver-below-floor: what it flags and what it lets pass."""

from msgspec.structs import replace

from layerscope.facts.cuda.gpu_verdict import Cause, Verdict
from layerscope.rules.cuda.driver_below_floor import DriverBelowFloor
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.gpu_facts import verdict
from support.sample_facts import DAMAGED


def test_flags_a_driver_that_does_not_start_the_cuda() -> None:
    """A newer driver cures it, or an older CUDA."""
    old = replace(verdict(Verdict.NONE, Cause.DRIVER_TOO_OLD), driver="535", torch_builds=("cu126 (torch 2.6-)",))
    (finding,) = flags(DriverBelowFloor, old)
    assert finding.message == "T4 (compute capability 7.5) cannot run this image: the reason"
    assert finding.severity is Severity.CRITICAL
    assert [fix.title for fix in finding.fixes] == [
        "Install driver 580.65.06 or newer on the host, the floor of CUDA 13.2",
        "Install the build of PyTorch that starts with the driver: cu126",
    ]
    assert len(flags(DriverBelowFloor, replace(old, torch_builds=()))[0].fixes) == 1


def test_names_the_compatibility_driver_where_one_helps() -> None:
    """The judge says where."""
    old = replace(verdict(Verdict.NONE, Cause.DRIVER_TOO_OLD), driver="535", compat_package="cuda-compat-13-2")
    (finding,) = flags(DriverBelowFloor, old)
    assert [fix.title for fix in finding.fixes][1:] == [
        "Bring the compatibility driver of that CUDA, cuda-compat-13-2, which data center GPUs may use"
    ]


def test_ignores_a_driver_at_the_floor() -> None:
    """And drivers that fail for another reason."""
    ignores(DriverBelowFloor, replace(verdict(Verdict.NATIVE), driver="580.65.06"))
    ignores(DriverBelowFloor, verdict(Verdict.NONE, Cause.DRIVER_TOO_NEW))


def test_flags_it_whatever_else_is_unread() -> None:
    """The framework that was found needs it."""
    flags(DriverBelowFloor, DAMAGED, verdict(Verdict.NONE, Cause.DRIVER_TOO_OLD))


def test_flags_a_driver_that_was_named_without_a_gpu_once() -> None:
    """All common GPUs are meant."""
    old = replace(verdict(Verdict.NONE, Cause.DRIVER_TOO_OLD, is_asked=False), driver="535")
    other = replace(verdict(Verdict.NONE, Cause.CODE, is_asked=False), driver="535")
    (finding,) = flags(DriverBelowFloor, old, replace(old, name="H100"), other)
    assert finding.message == "2 of 3 common GPUs (T4 and H100) cannot run this image: the reason"
    assert finding.severity is Severity.CRITICAL
    ignores(DriverBelowFloor, replace(old, driver=""))
