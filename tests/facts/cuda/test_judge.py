"""Verdicts: on which GPUs, and with which drivers, an image computes."""

import pytest

from layerscope.facts.cuda.driver_files import DriverFile, DriverFileKind
from layerscope.facts.cuda.framework import Build, Framework
from layerscope.facts.cuda.gpu_target import NodeType, parse_gpu
from layerscope.facts.cuda.gpu_verdict import Cause, GpuVerdict, Verdict
from layerscope.facts.cuda.judge import judge_fleet, judge_gpus
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.fact_set import FactSet
from layerscope.policies.cuda_driver import parse_driver
from layerscope.policies.policies import Policies
from support.gpu_facts import SITE, compute, library, sm, torch

POLICIES = Policies()
TORCH_13 = (
    torch("13.2"),
    library("libtorch_cuda.so", (476, sm(75, 80, 86, 90, 100, 120))),
    library("libtorch_cuda_linalg.so", (32, sm(80, 86, 90, 100, 120)), (1, sm(75, 80, 86, 90, 100, 120))),
    library("libcufftw.so.12", (1, sm(75))),
)
TORCH_12 = (torch("12.8", "2.8.0"), library("libtorch_cuda.so", (9, sm(70, 75, 80, 86, 90, 100, 120))))


def judge(facts: tuple[Fact, ...], gpu: str, driver: str = "") -> GpuVerdict:
    """The verdict for one GPU."""
    (verdict,) = judge_gpus(FactSet(facts), POLICIES, (parse_gpu(gpu, POLICIES.gpu_arch),), driver)
    assert verdict.is_asked
    return verdict


def test_machine_code_runs() -> None:
    """The oldest driver is the floor of CUDA's major version, and all features need the toolkit's."""
    verdict = judge(TORCH_13, "H100")
    assert (verdict.verdict, verdict.cause) == (Verdict.NATIVE, Cause.NOTHING)
    assert (verdict.minimum_driver, verdict.full_driver, verdict.last_branch) == ("580.65.06", "595.45.04", None)
    assert verdict.reason == "libtorch_cuda.so has machine code that runs on sm_90"
    assert verdict.evidence == Evidence(2, f"{SITE}/libtorch_cuda.so")


def test_a_library_that_lacks_code_is_named_with_what_it_gives() -> None:
    """A T4 with PyTorch for CUDA 13: all but linear algebra."""
    verdict = judge(TORCH_13, "T4")
    assert (verdict.verdict, verdict.cause) == (Verdict.PARTIAL, Cause.CODE)
    assert [(each.name, each.native, each.best) for each in verdict.lacking] == [("libtorch_cuda_linalg.so", 1, 33)]
    assert "torch.linalg" in verdict.reason
    assert {build.split()[0] for build in verdict.torch_builds} <= {
        "cu113",
        "cu117",
        "cu118",
        "cu121",
        "cu124",
        "cu126",
        "cu128",
        "cu129",
    }
    assert verdict.evidence.path == f"{SITE}/libtorch_cuda_linalg.so"


def test_dropped_architectures_have_no_driver() -> None:
    """A V100 and CUDA 13."""
    verdict = judge(TORCH_13, "V100", "535.183.01")
    assert (verdict.verdict, verdict.cause, verdict.minimum_driver) == (Verdict.NONE, Cause.ARCHITECTURE, "")
    assert verdict.reason == (
        "libtorch_cuda.so has no device code that runs on sm_70, only sm_75, sm_80, sm_86, sm_90, sm_100, sm_120; "
        "CUDA 13.2 compiles nothing for Volta any more, whatever the driver"
    )
    assert verdict.torch_builds[0] == "cu126 (torch 2.6-)"


def test_missing_code_is_not_always_a_dropped_architecture() -> None:
    """A GPU that came after the build."""
    verdict = judge((torch("12.1"), library("libtorch_cuda.so", (3, sm(80, 90)))), "RTX 5090")
    assert (verdict.verdict, verdict.cause) == (Verdict.NONE, Cause.CODE)


@pytest.mark.parametrize(
    ("gpu", "driver", "cause"),
    [
        ("H100", "535.183.01", Cause.NOTHING),
        ("H100", "525.60.12", Cause.DRIVER_TOO_OLD),
        ("H100", "R470", Cause.DRIVER_BEFORE_GPU),
        ("V100", "R580", Cause.NOTHING),
        ("V100", "590.44.01", Cause.DRIVER_TOO_NEW),
        ("RTX 5090", "565.57.01", Cause.DRIVER_BEFORE_GPU),
        ("RTX 5090", "R570", Cause.NOTHING),
        ("T4", "R470", Cause.DRIVER_TOO_OLD),
    ],
)
def test_drivers_are_judged_by_gpu_and_cuda(gpu: str, driver: str, cause: Cause) -> None:
    """PyTorch for CUDA 12.8: 525.60.13 starts it, if the driver knows the GPU."""
    verdict = judge(TORCH_12, gpu, driver)
    assert verdict.cause is cause
    assert verdict.verdict is (Verdict.NONE if cause else Verdict.NATIVE)


def test_a_driver_that_a_gpu_needs_can_be_newer_than_the_floor() -> None:
    """CUDA 12 starts with 525.60.13, but no driver before 570 knows an RTX 5090."""
    assert judge(TORCH_12, "RTX 5090").minimum_driver == "570.26"
    assert judge(TORCH_12, "H100").minimum_driver == "525.60.13"


@pytest.mark.parametrize("gpu", ["B300", "GB300", "RTX 5090", "H100", "GB10", "12.1"])
def test_all_features_need_no_older_driver_than_the_start(gpu: str) -> None:
    """A GPU that came after the image's toolkit needs a newer driver than came with it."""
    facts = (torch("12.8", "2.8.0"), library("libtorch_cuda.so", (9, sm(70, 75, 80, 86, 90, 100, 120))))
    verdict = judge(facts, gpu)
    assert parse_driver(verdict.full_driver) >= parse_driver(verdict.minimum_driver)
    assert gpu != "B300" or verdict.full_driver == "575.51.03"


def test_ptx_is_compiled_by_new_enough_drivers() -> None:
    """Minor-version compatibility does not cover it."""
    facts = (torch("12.9"), library("libtorch_cuda.so", (3, (*sm(80), *compute(80, (8, 8))))))
    verdict = judge(facts, "H100")
    assert (verdict.verdict, verdict.minimum_driver) == (Verdict.JIT, "575.51.03")
    assert "only PTX for sm_90" in verdict.reason
    assert judge(facts, "H100", "R575").verdict is Verdict.JIT
    old = judge(facts, "H100", "R570")
    assert (old.verdict, old.cause) == (Verdict.NONE, Cause.PTX_TOO_NEW)
    assert "newer than driver R570 compiles" in old.reason


def test_a_user_mode_driver_in_the_image_stands_in_on_data_center_gpus() -> None:
    """On the branches that its note names."""
    compat = DriverFile(
        Evidence(1, "usr/local/cuda/compat/libcuda.so.590.44.01"), DriverFileKind.COMPAT, "libcuda.so.590.44.01",
        "590.44.01", 1, "", is_link=False, target="", cuda="13.1", branches=(535, 550, 570, 575, 580), instruction="",
    )  # fmt: skip
    assert judge((*TORCH_13, compat), "H100", "535.183.01").verdict is Verdict.NATIVE
    assert judge((*TORCH_13, compat), "RTX 4090", "535.183.01").cause is Cause.DRIVER_TOO_OLD
    assert judge((*TORCH_13, compat), "H100", "R525").cause is Cause.DRIVER_TOO_OLD


def test_of_libraries_for_several_cudas_the_one_for_the_images_counts() -> None:
    """Bitsandbytes brings one for each."""
    facts = (
        *TORCH_12,
        library("libbitsandbytes_cuda118.so", (7, sm(70, 75, 80, 90))),
        library("libbitsandbytes_cuda128.so", (7, sm(75, 80, 90, 100, 120))),
    )
    assert [each.name for each in judge(facts, "V100").lacking] == ["libbitsandbytes_cuda128.so"]
    assert judge(facts, "B200").verdict is Verdict.NATIVE


def test_libraries_of_ones_own_decide_where_there_is_no_framework() -> None:
    """NVIDIA's libraries beside them do not."""
    facts = (library("libmine.so", (2, sm(80))), library("libcublas.so.12", (5, sm(70, 80, 90))))
    assert judge(facts, "V100").verdict is Verdict.NONE
    assert judge(facts, "A100").verdict is Verdict.NATIVE
    assert judge(facts, "A100").minimum_driver == "450.51.05"


def test_images_without_device_code_say_so() -> None:
    """Whatever the driver."""
    verdict = judge((torch("12.8"),), "H100", "R470")
    assert (verdict.verdict, verdict.cause) == (Verdict.NO_CODE, Cause.NOTHING)


def test_without_a_question_the_common_gpus_are_judged() -> None:
    """None of them was asked about."""
    verdicts = judge_gpus(FactSet(TORCH_13), POLICIES)
    assert [each.name for each in verdicts] == [model.name for model in POLICIES.gpu_arch.common]
    assert not any(each.is_asked for each in verdicts)


def test_fleets_are_judged_node_by_node() -> None:
    """In the fleet's order, with its names."""
    fleet = (NodeType("old", "V100", "R580", 12), NodeType("new", "H100"))
    old, new = judge_fleet(FactSet(TORCH_12), POLICIES, fleet)
    assert (old.node, old.count, old.driver, old.verdict) == ("old", 12, "R580", Verdict.NATIVE)
    assert (new.node, new.count, new.verdict) == ("new", 1, Verdict.NATIVE)


def test_libraries_for_what_the_hardware_lacks_do_not_count() -> None:
    """A T4 has no sparse tensor cores, so that an image lacks nothing for it without their code; an A10 has them."""
    facts = (*TORCH_12, library("libcusparseLt.so.0", (9, sm(80, 90, 100))))
    assert judge(facts, "T4").verdict is Verdict.NATIVE
    newer = (*TORCH_12, library("libcusparseLt.so.0", (9, sm(90, 100))))
    assert judge(newer, "A10").verdict is Verdict.PARTIAL


@pytest.mark.parametrize(
    ("gpu", "architecture", "is_foreign"),
    [
        ("GH200", "amd64", True),
        ("Jetson AGX Orin", "amd64", True),
        ("12.1", "amd64", True),
        ("GB10", "arm64", False),
        ("GB10", "arm", False),
        ("GB10", "", False),
        ("H100", "amd64", False),
        ("H100", "arm64", False),
        ("9.0", "amd64", False),
        ("RTX 5090", "amd64", False),
    ],
)
def test_hosts_of_another_processor_do_not_start_the_image(gpu: str, architecture: str, *, is_foreign: bool) -> None:
    """Whatever its device code and the driver; GPUs that come with both kinds of host are not concerned."""
    target = parse_gpu(gpu, POLICIES.gpu_arch)
    (verdict,) = judge_gpus(FactSet(TORCH_13), POLICIES, (target,), "595.45.04", architecture=architecture)
    assert (verdict.cause is Cause.HOST_PROCESSOR) is is_foreign
    if is_foreign:
        assert (verdict.verdict, verdict.minimum_driver, verdict.torch_builds) == (Verdict.NONE, "", ())
        assert verdict.reason == f"its host's processor is arm64, the image is for {architecture}"


def test_fleets_and_common_gpus_are_judged_by_their_hosts() -> None:
    """As GPUs that are named."""
    (node,) = judge_fleet(FactSet(TORCH_13), POLICIES, (NodeType("spark", "GB10"),), architecture="amd64")
    assert node.cause is Cause.HOST_PROCESSOR
    common = judge_gpus(FactSet(TORCH_13), POLICIES, architecture="amd64")
    assert [each.name for each in common if each.cause is Cause.HOST_PROCESSOR] == ["GB10"]


@pytest.mark.parametrize(
    ("gpu", "driver", "package"),
    [
        ("H100", "535.183.01", "cuda-compat-13-2"),
        ("T4", "R570", "cuda-compat-13-2"),
        ("H100", "565.57.01", ""),
        ("RTX 4090", "535.183.01", ""),
        ("9.0", "535.183.01", ""),
        ("H100", "580.65.06", ""),
    ],
)
def test_a_compatibility_driver_is_named_where_it_helps(gpu: str, driver: str, package: str) -> None:
    """On data center GPUs, and on the branches of the host that such drivers list."""
    assert judge(TORCH_13, gpu, driver).compat_package == package


def test_older_releases_are_named_where_the_table_knows_them() -> None:
    """ONNX Runtime for CUDA 13 and a V100: up to 1.26 it was for CUDA 12."""
    runtime = Framework(Evidence(1, "x"), "onnxruntime", "1.31.1", SITE, Build.CUDA, "13.0")
    facts = (runtime, library("onnxruntime/capi/libonnxruntime_providers_cuda.so", (9, sm(75, 80))))
    assert judge(facts, "V100").older_release == "onnxruntime-gpu<1.27"
    assert judge(facts, "H100").older_release == ""
