"""The driver's libraries asked in a process of their own, with stand-ins that answer as the real ones do."""

import json
import subprocess
import sys
from typing import Any

import pytest

from layerscope.host.driver import CHILD
from layerscope.host.driver_child import ask, read_cuda, read_nvml

NAME = b"NVIDIA H100 80GB HBM3"


class StandInCuda:
    """libcuda.so.1 with two GPUs: functions that write where they are pointed to, and return a code."""

    def __init__(self, *, init: int = 0, count_code: int = 0) -> None:
        """Answer cuInit and cuDeviceGetCount with these codes."""
        self.init = init
        self.count_code = count_code

    def cuDriverGetVersion(self, version: Any) -> int:  # noqa: N802 - the name of the real one
        """Return 12.4."""
        version._obj.value = 12040
        return 0

    def cuInit(self, _flags: int) -> int:  # noqa: N802 - the name of the real one
        """Return the code."""
        return self.init

    def cuDeviceGetCount(self, count: Any) -> int:  # noqa: N802 - the name of the real one
        """Return two."""
        count._obj.value = 2
        return self.count_code

    def cuDeviceGet(self, device: Any, number: int) -> int:  # noqa: N802 - the name of the real one
        """Return the number, and refuse the second one."""
        device._obj.value = number
        return 101 if number else 0

    def cuDeviceGetName(self, buffer: Any, _size: int, _device: Any) -> int:  # noqa: N802 - the name of the real one
        """Return the name."""
        buffer.value = NAME
        return 0

    def cuDeviceGetAttribute(self, value: Any, attribute: int, _device: Any) -> int:  # noqa: N802 - the real name
        """Return the compute capability."""
        value._obj.value = {75: 9, 76: 0}[attribute]
        return 0


class StandInNvml:
    """libnvidia-ml.so.1 with one GPU."""

    def __init__(self, *, init: int = 0, capability_code: int = 0) -> None:
        """Answer nvmlInit_v2 and the question for the capability with these codes."""
        self.init = init
        self.capability_code = capability_code

    def nvmlInit_v2(self) -> int:  # noqa: N802 - the name of the real one
        """Return the code."""
        return self.init

    def nvmlSystemGetDriverVersion(self, buffer: Any, _size: int) -> int:  # noqa: N802 - the name of the real one
        """Return a version."""
        buffer.value = b"535.183.01"
        return 0

    def nvmlDeviceGetCount_v2(self, count: Any) -> int:  # noqa: N802 - the name of the real one
        """Return two."""
        count._obj.value = 2
        return 0

    def nvmlDeviceGetHandleByIndex_v2(self, number: int, _handle: Any) -> int:  # noqa: N802 - the name of the real one
        """Refuse the second one."""
        return 2 if number else 0

    def nvmlDeviceGetName(self, _handle: Any, buffer: Any, _size: int) -> int:  # noqa: N802 - the name of the real one
        """Return the name."""
        buffer.value = NAME
        return 0

    def nvmlDeviceGetCudaComputeCapability(self, _handle: Any, major: Any, minor: Any) -> int:  # noqa: N802 - real name
        """Return 9.0."""
        major._obj.value, minor._obj.value = 9, 0
        return self.capability_code


def test_libcuda_tells_version_and_gpus() -> None:
    """A GPU that cannot be opened is left out."""
    assert read_cuda(StandInCuda()) == {
        "code": 0,
        "cuda": 12040,
        "gpus": [{"name": NAME.decode(), "capability": "9.0"}],
    }


@pytest.mark.parametrize("library", [StandInCuda(init=803), StandInCuda(count_code=3)])
def test_libcuda_that_fails_tells_its_version_still(library: StandInCuda) -> None:
    """The version is known before anything is initialised."""
    assert read_cuda(library) == {"code": library.init, "cuda": 12040, "gpus": []}


def test_nvml_tells_driver_and_gpus() -> None:
    """With the compute capability, where the library knows it."""
    gpu = {"name": NAME.decode(), "capability": "9.0"}
    assert read_nvml(StandInNvml()) == {"code": 0, "version": "535.183.01", "gpus": [gpu]}
    assert read_nvml(StandInNvml(capability_code=13))["gpus"] == [gpu | {"capability": None}]
    assert read_nvml(StandInNvml(init=18)) == {"code": 18}


def test_a_library_that_is_not_there_is_a_problem() -> None:
    """Whatever is wrong with it, the other one is asked."""
    assert "problem" in ask(lambda _: object(), "libcuda.so.1", read_cuda)


def test_the_child_prints_one_object() -> None:
    """On any host, by the standard library alone."""
    run = subprocess.run([sys.executable, "-I", "-S", CHILD], capture_output=True, check=True, timeout=60)
    assert json.loads(run.stdout).keys() == {"nvml", "cuda"}
