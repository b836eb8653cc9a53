"""CUDA002 partial-device-code: what it flags and what it lets pass."""

from msgspec.structs import replace

from layerscope.facts.cuda.gpu_verdict import Cause, Verdict
from layerscope.rules.cuda.partial_device_code import PartialDeviceCode
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.gpu_facts import SITE, verdict


def test_flags_libraries_that_lack_code() -> None:
    """Each at its place."""
    (finding,) = flags(PartialDeviceCode, verdict(Verdict.PARTIAL, Cause.CODE))
    assert finding.message == "T4 (compute capability 7.5) runs this image in part: the reason"
    assert finding.severity is Severity.MEDIUM
    assert [place.path for place in finding.locations] == [
        f"{SITE}/libtorch_cuda.so",
        f"{SITE}/libtorch_cuda_linalg.so",
    ]


def test_a_library_of_unknown_use_weighs_more() -> None:
    """It may be what the image is for."""
    partial = verdict(Verdict.PARTIAL, Cause.CODE)
    unknown = replace(partial.libraries[0], role=None, gives="")
    (finding,) = flags(PartialDeviceCode, replace(partial, libraries=(unknown,)))
    assert finding.severity is Severity.HIGH


def test_ignores_what_runs_and_what_does_not_run_at_all() -> None:
    """And GPUs that nobody asked about."""
    ignores(PartialDeviceCode, verdict(Verdict.NATIVE), verdict(Verdict.NONE, Cause.CODE))
    ignores(PartialDeviceCode, verdict(Verdict.PARTIAL, Cause.CODE, is_asked=False))
