"""The cause tree for "CUDA is not available": each branch, what it names, and the rules that find it in files."""

from typing import Any

import pytest

from layerscope.probe.causes import Cause, find_cuda_cause, runs_on
from layerscope.probe.cuda_codes import CODES
from layerscope.probe.observation import Observation, StageResult
from layerscope.rules.registry import RULES

GPU = {"name": "NVIDIA L4", "compute_capability": "8.9"}
NODES = [{"path": "/dev/nvidia0", "open": True}, {"path": "/dev/nvidia-uvm", "open": True}]
FOR_12 = {"cuda": "12.8", "architectures": ["sm_80", "sm_90", "compute_90"]}


def stage(name: str, status: str = "passed", kind: str = "", detail: str = "", **values: Any) -> StageResult:
    """One stage."""
    return StageResult(name, status, kind=kind, detail=detail, values=values)


def find(*stages: StageResult, root: str) -> Cause:
    """The cause of that stage."""
    seen = Observation(stages)
    broken = seen.find(root)
    assert broken is not None
    cause = find_cuda_cause(seen, broken)
    assert cause is not None
    return cause


def variables(**values: str) -> StageResult:
    """The environment of the container."""
    return stage("env", variables=values)


def unavailable(*stages: StageResult, **torch: Any) -> Cause:
    """Why PyTorch finds no CUDA on a GPU whose nodes and driver are well."""
    return find(
        stage("devices", nodes=NODES),
        *stages,
        stage("imports", torch=torch),
        stage("device", "failed", "cuda-unavailable", "is_available() is False"),
        root="device",
    )


DRIVER_12 = stage("driver", version=12040, devices=[GPU])


def test_a_container_without_nodes_was_given_no_gpu() -> None:
    """Unless a variable of the image says that it wants none."""
    cause = find(stage("devices", "skipped"), stage("driver", "skipped"), root="devices")
    assert (cause.name, cause.rules) == ("no-gpu-given", ())
    cause = find(variables(NVIDIA_VISIBLE_DEVICES="void"), stage("devices", "skipped"), root="devices")
    assert cause.name == "hidden-devices"
    assert 'NVIDIA_VISIBLE_DEVICES="void"' in cause.reason
    assert cause.rules == ("hard-coded-visible-devices",)


def test_nodes_that_may_not_be_opened_are_named() -> None:
    """By this user, for another may."""
    cause = find(stage("devices", "failed", "device-closed", "/dev/nvidia0 may not be opened"), root="devices")
    assert cause.reason == "/dev/nvidia0 may not be opened by this user"


def test_a_missing_driver_library_names_the_capabilities_that_were_asked_for() -> None:
    """With `utility` alone, nvidia-smi works."""
    cause = find(
        variables(NVIDIA_DRIVER_CAPABILITIES="utility"),
        stage("devices", nodes=NODES),
        stage("driver", "failed", "no-driver-library", error="libcuda.so.1: cannot open shared object file"),
        root="driver",
    )
    assert cause.reason.endswith("libcuda.so.1 is not (NVIDIA_DRIVER_CAPABILITIES=utility)")
    assert cause.rules == ("missing-driver-capabilities",)


def test_a_driver_library_that_is_broken_is_not_missing() -> None:
    """An empty file was left where the runtime mounts it."""
    cause = find(
        stage("devices", nodes=NODES),
        stage("driver", "failed", "no-driver-library", error="/usr/lib/libcuda.so.1: file too short"),
        root="driver",
    )
    assert cause.name == "broken-driver-library"
    assert "file too short" in cause.reason


@pytest.mark.parametrize(("kind", "code"), [("driver-error", 100), ("driver-error", 101), ("no-gpu", 0)])
def test_a_variable_that_hides_the_gpu_is_named(kind: str, code: int) -> None:
    """The driver's code alone would not say so."""
    cause = find(
        variables(CUDA_VISIBLE_DEVICES="7"),
        stage("devices", nodes=NODES),
        stage("driver", "failed", kind, code=code),
        root="driver",
    )
    assert cause.name == "hidden-devices"
    assert 'CUDA_VISIBLE_DEVICES="7"' in cause.reason


def test_a_driver_without_a_gpu_is_told_so() -> None:
    """Where nothing hides it."""
    cause = find(stage("devices", nodes=NODES), stage("driver", "failed", "no-gpu"), root="driver")
    assert cause.name == "no-device"


@pytest.mark.parametrize("code", CODES)
def test_each_code_of_the_driver_has_a_cause(code: int) -> None:
    """With what to do, and with the library that gave it where a file of the image may be at fault."""
    driver = stage("driver", "failed", "driver-error", code=code, library="/usr/local/cuda/compat/libcuda.so.1")
    cause = find(stage("devices", nodes=NODES), driver, root="driver")
    assert cause.name == CODES[code].name
    assert f"(cuInit: {code}" in cause.reason
    assert cause.cures
    if code in {34, 803, 804}:
        assert "by /usr/local/cuda/compat/libcuda.so.1" in cause.reason
        assert "baked-driver-library" in cause.rules


def test_a_node_that_is_missing_explains_code_999() -> None:
    """Unified memory has a node of its own."""
    driver = stage("driver", "failed", "driver-error", code=999)
    assert "is not in the container" in find(stage("devices", nodes=NODES[:1]), driver, root="driver").reason
    assert "is not in the container" not in find(stage("devices", nodes=NODES), driver, root="driver").reason


def test_a_call_after_cuinit_is_named_with_its_code() -> None:
    """Compiling needs a library that only some capabilities bring."""
    kernel = stage("kernel", "failed", "no-ptx-compiler", "cuModuleLoadDataEx: 221, the compiler is missing")
    cause = find(stage("devices", nodes=NODES), DRIVER_12, kernel, root="kernel")
    assert cause.name == "no-ptx-compiler"
    assert cause.reason.endswith("(cuModuleLoadDataEx: 221)")


def test_a_build_without_cuda_is_told_from_one_for_another_maker() -> None:
    """Both say that CUDA is not available."""
    assert unavailable(DRIVER_12, cuda=None).rules == ("cpu-only-torch",)
    assert unavailable(DRIVER_12, cuda=None, hip="6.4").name == "rocm-build"


def test_a_driver_below_the_floor_of_the_build_is_told_with_both_versions() -> None:
    """A minor version below it is none: CUDA 12.4 starts what was built for 12.8."""
    cause = unavailable(DRIVER_12, cuda="13.0", architectures=["sm_89"])
    assert cause.name == "driver-too-old"
    assert cause.reason == "the driver serves CUDA 12.4, and PyTorch was built for 13.0"
    assert "driver-below-floor" in cause.rules


def test_a_gpu_that_the_build_has_no_code_for_is_told_with_its_capability() -> None:
    """SASS of an older minor version serves it, of an older major version not."""
    cause = unavailable(
        stage("driver", version=12080, devices=[dict(GPU, compute_capability="12.0")]),
        cuda="12.4",
        architectures=["sm_80", "sm_90"],
    )
    assert cause.name == "architecture"
    assert "NVIDIA L4 has compute capability 12.0" in cause.reason
    seen = Observation((stage("imports", torch=FOR_12), stage("driver", version=12080, devices=[GPU])))
    assert find_cuda_cause(seen, stage("device", "failed", "cuda-unavailable")) is None


def test_a_kernel_that_is_not_there_is_a_matter_of_architectures_at_any_stage() -> None:
    """PyTorch says so only when it computes."""
    old = stage("imports", torch={"cuda": "12.4", "architectures": ["sm_80"]})
    gpu = stage("driver", version=12080, devices=[dict(GPU, compute_capability="12.0")])
    words = "AcceleratorError: CUDA error: no kernel image is available for execution on the device"
    assert find(gpu, old, stage("prefill", "failed", "error", words), root="prefill").name == "architecture"


@pytest.mark.parametrize(
    ("name", "capability", "expected"),
    [
        ("sm_80", (8, 9), True),
        ("sm_89", (8, 6), False),
        ("sm_80", (9, 0), False),
        ("sm_90a", (9, 0), True),
        ("sm_100a", (10, 3), False),
        ("sm_100f", (10, 3), True),
        ("compute_80", (12, 0), True),
        ("compute_90", (8, 9), False),
        ("gfx90a", (9, 0), False),
    ],
)
def test_code_runs_where_the_rules_of_compatibility_say(
    name: str,
    capability: tuple[int, int],
    expected: bool,
) -> None:
    """SASS within its major version, PTX on all that is newer, `a` on its own GPU alone."""
    assert runs_on(name, *capability) is expected


def test_the_rules_that_causes_name_are_there() -> None:
    """A name that no rule has would confirm nothing, and say so to nobody."""
    named = {rule for code in CODES.values() for rule in code.rules}
    named |= {
        "hard-coded-visible-devices",
        "missing-driver-capabilities",
        "cpu-only-torch",
        "driver-below-floor",
        "refused-driver",
        "baked-driver-library",
        "cuda-stub-on-path",
    }
    assert named <= {rule.name() for rule in RULES}
