"""CUDA036 missing-driver-capabilities: what it flags and what it lets pass."""

from layerscope.rules.cuda.missing_driver_capabilities import MissingDriverCapabilities
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.cuda_images import collect_cuda, toolkit


def test_flags_capabilities_without_compute() -> None:
    """CUDA finds no driver then."""
    (finding,) = flags(
        MissingDriverCapabilities, *collect_cuda(toolkit(), env=["NVIDIA_DRIVER_CAPABILITIES=graphics,utility"])
    )
    assert finding.message == "NVIDIA_DRIVER_CAPABILITIES=graphics,utility lacks compute"
    assert finding.severity is Severity.HIGH
    assert finding.fixes[0].steps == ("ENV NVIDIA_DRIVER_CAPABILITIES=compute,graphics,utility",)


def test_flags_capabilities_without_utility_as_a_smaller_matter() -> None:
    """CUDA works, NVML does not."""
    (finding,) = flags(MissingDriverCapabilities, *collect_cuda(toolkit(), env=["NVIDIA_DRIVER_CAPABILITIES=compute"]))
    assert finding.severity is Severity.MEDIUM


def test_flags_words_that_no_runtime_knows() -> None:
    """The container does not start."""
    (finding,) = flags(MissingDriverCapabilities, *collect_cuda(env=["NVIDIA_DRIVER_CAPABILITIES=compute,utility,gpu"]))
    assert finding.message.endswith("holds gpu, which no runtime knows")


def test_ignores_all_the_default_and_images_without_cuda() -> None:
    """An image for rendering needs no compute."""
    ignores(MissingDriverCapabilities, *collect_cuda(toolkit(), env=["NVIDIA_DRIVER_CAPABILITIES=all"]))
    ignores(MissingDriverCapabilities, *collect_cuda(toolkit()))
    ignores(MissingDriverCapabilities, *collect_cuda(env=["NVIDIA_DRIVER_CAPABILITIES=graphics"]))
    rendering = ["NVIDIA_VISIBLE_DEVICES=all", "NVIDIA_DRIVER_CAPABILITIES=graphics,display,utility"]
    ignores(MissingDriverCapabilities, *collect_cuda(env=rendering))
