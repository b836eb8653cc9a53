"""CUDA035 hard-coded-visible-devices: what it flags and what it lets pass."""

import pytest

from layerscope.rules.cuda.hard_coded_visible_devices import HardCodedVisibleDevices
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.cuda_images import collect_cuda, toolkit


@pytest.mark.parametrize(
    ("entry", "severity"),
    [
        ("CUDA_VISIBLE_DEVICES=0", Severity.MEDIUM),
        ("CUDA_VISIBLE_DEVICES=", Severity.HIGH),
        ("CUDA_VISIBLE_DEVICES=-1", Severity.HIGH),
        ("NVIDIA_VISIBLE_DEVICES=0,1", Severity.MEDIUM),
        ("NVIDIA_VISIBLE_DEVICES=void", Severity.LOW),
    ],
)
def test_flags_devices_that_the_image_fixes(entry: str, severity: Severity) -> None:
    """Those that hide all of them without an error are worst."""
    (finding,) = flags(HardCodedVisibleDevices, *collect_cuda(toolkit(), env=[entry]))
    assert finding.severity is severity


def test_ignores_what_base_images_set() -> None:
    """All of them, for the engine to choose among."""
    ignores(HardCodedVisibleDevices, *collect_cuda(env=["NVIDIA_VISIBLE_DEVICES=all"]))
    ignores(HardCodedVisibleDevices, *collect_cuda())
    ignores(HardCodedVisibleDevices, *collect_cuda(env=["CUDA_VISIBLE_DEVICES=-1"]))
