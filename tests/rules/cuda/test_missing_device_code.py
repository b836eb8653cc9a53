"""CUDA001 missing-device-code: what it flags and what it lets pass."""

from msgspec.structs import replace

from layerscope.facts.cuda.framework import Build
from layerscope.facts.cuda.gpu_verdict import Cause, Verdict
from layerscope.rules.cuda.missing_device_code import MissingDeviceCode
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.gpu_facts import SITE, torch, verdict
from support.sample_facts import DAMAGED


def test_flags_a_gpu_without_device_code() -> None:
    """With a build that has it, where there is one."""
    lost = replace(verdict(Verdict.NONE, Cause.CODE), torch_builds=("cu130 (torch 2.9-)", "cu128 (torch 2.8-2.11)"))
    (finding,) = flags(MissingDeviceCode, lost)
    assert finding.message == "T4 (compute capability 7.5) cannot run this image: the reason"
    assert finding.severity is Severity.CRITICAL
    assert finding.locations[0].path == f"{SITE}/libtorch_cuda.so"
    assert finding.fixes[0].steps[0] == (
        "RUN python3 -m pip install --force-reinstall torch --index-url https://download.pytorch.org/whl/cu130"
    )


def test_names_the_node_type_and_builds_of_ones_own() -> None:
    """Where no build of PyTorch helps."""
    lost = replace(verdict(Verdict.NONE, Cause.CODE, name="7.5"), node="pool-a")
    (finding,) = flags(MissingDeviceCode, lost)
    assert finding.message == "A GPU of 7.5 on pool-a cannot run this image: the reason"
    assert 'TORCH_CUDA_ARCH_LIST="7.5"' in finding.fixes[0].steps[0]


def test_ignores_gpus_that_nobody_asked_about() -> None:
    """The table of verdicts tells them; and what the image lacks in part is another rule's."""
    ignores(MissingDeviceCode, verdict(Verdict.NONE, Cause.CODE, is_asked=False))
    ignores(MissingDeviceCode, verdict(Verdict.PARTIAL, Cause.CODE), verdict(Verdict.NONE, Cause.ARCHITECTURE))


def test_ignores_what_an_unread_layer_may_hold() -> None:
    """A library in it could have the code."""
    ignores(MissingDeviceCode, DAMAGED, verdict(Verdict.NONE, Cause.CODE))


def test_flags_an_image_without_any_device_code_once() -> None:
    """Whoever asks about GPUs wants one to be used."""
    empty = verdict(Verdict.NO_CODE)
    (finding,) = flags(MissingDeviceCode, empty, replace(empty, name="H100"))
    assert finding.message == "The image has no device code at all, neither for T4 and H100 nor for any other GPU"
    assert finding.severity is Severity.HIGH
    ignores(MissingDeviceCode, verdict(Verdict.NO_CODE, is_asked=False))
    ignores(MissingDeviceCode, DAMAGED, empty)


def test_leaves_a_torch_for_the_cpu_to_its_own_rule() -> None:
    """It knows the cause."""
    cpu = replace(torch(""), build=Build.CPU)
    ignores(MissingDeviceCode, verdict(Verdict.NO_CODE), cpu)
