"""CUDA005 ptx-newer-than-driver: what it flags and what it lets pass."""

from msgspec.structs import replace

from layerscope.facts.cuda.gpu_verdict import Cause, Verdict
from layerscope.rules.cuda.ptx_newer_than_driver import PtxNewerThanDriver
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.gpu_facts import verdict


def test_flags_ptx_that_the_driver_cannot_compile() -> None:
    """Where nothing else runs on the GPU."""
    (finding,) = flags(PtxNewerThanDriver, replace(verdict(Verdict.NONE, Cause.PTX_TOO_NEW), driver="R570"))
    assert finding.message == "T4 (compute capability 7.5) cannot run all of this image: the reason"
    assert finding.severity is Severity.CRITICAL


def test_ignores_ptx_that_the_driver_compiles() -> None:
    """That is slow, and another rule's."""
    ignores(PtxNewerThanDriver, verdict(Verdict.JIT), verdict(Verdict.NONE, Cause.CODE))
