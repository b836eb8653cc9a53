"""CUDA009 foreign-host-processor: what it flags and what it lets pass."""

from msgspec.structs import replace

from layerscope.facts.cuda.gpu_verdict import Cause, Verdict
from layerscope.rules.cuda.foreign_host_processor import ForeignHostProcessor
from layerscope.rules.finding import Location
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.gpu_facts import verdict
from support.sample_facts import DAMAGED


def test_flags_a_gpu_whose_host_does_not_start_the_image() -> None:
    """Also where a layer is unread: the config says it."""
    foreign = verdict(Verdict.NONE, Cause.HOST_PROCESSOR, name="GB10", capability="12.1")
    (finding,) = flags(ForeignHostProcessor, DAMAGED, foreign)
    assert finding.message == "GB10 (compute capability 12.1) cannot run this image: the reason"
    assert (finding.severity, finding.locations) == (Severity.CRITICAL, (Location(),))
    assert "--platform linux/amd64,linux/arm64" in finding.fixes[0].steps[0]


def test_ignores_gpus_that_nobody_named_and_other_reasons() -> None:
    """They stand in the table."""
    foreign = verdict(Verdict.NONE, Cause.HOST_PROCESSOR)
    ignores(ForeignHostProcessor, replace(foreign, is_asked=False), verdict(Verdict.NONE, Cause.CODE))
