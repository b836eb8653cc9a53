"""The driver's stages against a stub that gives each of the answers that users meet."""

import sys
from pathlib import Path

import pytest

from layerscope.probe.local_run import run_here
from layerscope.probe.observation import FAILED, PASSED, SKIPPED, Observation
from layerscope.probe.spec import ProbeSpec
from layerscope.probe.verdict import Outcome, judge
from layerscope.progress import SilentProgress
from support.stub_driver import build_stub_driver

SPEC = ProbeSpec(sys.executable, roles=("system",))


@pytest.fixture(scope="module")
def stub(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the stub's libraries."""
    return build_stub_driver(tmp_path_factory.mktemp("driver"))


def see(stub: Path, monkeypatch: pytest.MonkeyPatch, **answers: object) -> Observation:
    """What is seen with a driver that gives these answers."""
    monkeypatch.setenv("LD_LIBRARY_PATH", str(stub))
    for name, value in answers.items():
        monkeypatch.setenv(name, str(value))
    return run_here(SPEC, progress=SilentProgress())


def test_a_driver_tells_its_gpus(stub: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Version, name, compute capability, memory; from NVML the driver's own version."""
    stage = see(stub, monkeypatch).find("driver")
    assert stage is not None
    assert stage.status == PASSED
    assert stage.detail == "Stub GPU, driver for CUDA 12.4"
    (gpu,) = stage.values["devices"]
    assert gpu == {"name": "Stub GPU", "compute_capability": "9.0", "processors": 132, "memory": 80 << 30}
    assert stage.values["management"] == {"code": 0, "driver": "550.54.14"}
    assert stage.values["library"] == str(stub / "libcuda.so.1")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (3, "the driver could not be initialised"),
        (34, "a stub of libcuda was loaded"),
        (46, "the GPU is busy"),
        (100, "no GPU was given to the container"),
        (802, "the NVSwitch fabric is not up"),
        (803, "does not fit the host's kernel module"),
        (804, "has no forward compatibility"),
        (999, "the driver cannot use nvidia-uvm"),
    ],
)
def test_each_code_of_the_driver_has_its_cause(
    code: int, said: str, stub: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what to do about it."""
    seen = see(stub, monkeypatch, STUB_CUINIT=code)
    stage, verdict = seen.find("driver"), judge(seen)
    assert stage is not None
    assert (stage.status, stage.kind) == (FAILED, "driver-error")
    assert (verdict.outcome, verdict.root) == (Outcome.ERROR, "driver")
    assert said in verdict.reason
    assert verdict.cures
    assert verdict.consequences == ("kernel",)


def test_a_kernel_that_cannot_be_launched_says_at_which_call(stub: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stub has no context to give."""
    seen = see(stub, monkeypatch)
    stage, verdict = seen.find("kernel"), judge(seen)
    assert stage is not None
    assert stage.detail == "cuDevicePrimaryCtxRetain: 999, unknown error"
    assert verdict.root == "kernel"


@pytest.mark.parametrize(("code", "said"), [(2, "no memory left"), (46, "busy"), (802, "fabric"), (999, "nvidia-uvm")])
def test_a_context_that_is_refused_has_the_cause_of_its_code(
    code: int, said: str, stub: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The driver has started, and refuses the first thing that is asked of it."""
    verdict = judge(see(stub, monkeypatch, STUB_CONTEXT=code))
    assert verdict.root == "kernel"
    assert said in verdict.reason
    assert f"cuDevicePrimaryCtxRetain: {code}" in verdict.reason


def test_nvml_bears_a_mismatch_out(stub: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both libraries are the driver's, and both may have been left in the image."""
    verdict = judge(see(stub, monkeypatch, STUB_CUINIT=803, STUB_NVML=18))
    assert "NVML: 18, its library and the host's kernel module are of different versions" in verdict.reason


def test_a_driver_without_a_gpu_is_told_apart(stub: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It works, and shows none."""
    stage = see(stub, monkeypatch, STUB_COUNT=0).find("driver")
    assert stage is not None
    assert (stage.status, stage.kind) == (FAILED, "no-gpu")


def test_without_a_driver_the_stages_are_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    """And nothing is said to be broken."""
    monkeypatch.delenv("LD_LIBRARY_PATH", raising=False)
    seen = run_here(SPEC, progress=SilentProgress())
    stage = seen.find("driver")
    if stage is not None and stage.status == PASSED:
        pytest.skip("this host has a driver")
    assert stage is not None
    assert stage.status == SKIPPED
    assert judge(seen).root == ""
