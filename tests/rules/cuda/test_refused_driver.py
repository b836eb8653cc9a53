"""CUDA045 refused-driver: what it flags and what it lets pass."""

from msgspec.structs import replace

from layerscope.facts.cuda.gpu_verdict import Cause, Verdict
from layerscope.rules.cuda.refused_driver import RefusedDriver
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.gpu_facts import verdict

REFUSED = replace(
    verdict(Verdict.NATIVE), driver="560.35.05", refusal="NVIDIA_REQUIRE_CUDA demands cuda>=12.8, and the driver …"
)


def test_flags_a_host_that_would_run_the_image_and_does_not_start_it() -> None:
    """With what the image needs, and how to switch the check off."""
    (finding,) = flags(RefusedDriver, REFUSED)
    assert finding.message == (
        "The NVIDIA runtime refuses to start this image for T4 (compute capability 7.5) with driver 560.35.05: "
        "NVIDIA_REQUIRE_CUDA demands cuda>=12.8, and the driver …"
    )
    assert finding.severity is Severity.HIGH
    assert finding.fixes[0].steps[0].startswith("ENV NVIDIA_DISABLE_REQUIRE=1")


def test_ignores_hosts_of_which_worse_is_told_or_nobody_asked() -> None:
    """A driver below the floor is another rule's."""
    ignores(RefusedDriver, replace(REFUSED, refusal=""))
    ignores(RefusedDriver, replace(REFUSED, is_asked=False))
    ignores(RefusedDriver, replace(REFUSED, verdict=Verdict.NONE, cause=Cause.DRIVER_TOO_OLD))
