"""What the config declares is read as the NVIDIA runtime reads it."""

from layerscope.facts.cuda.declared import CudaDeclaration, CudaDeclarationCollector
from layerscope.facts.cuda.requirement import Condition, parse_requirement
from layerscope.image.config import HistoryEntry, RuntimeConfig
from support.contexts import CREATED, collect_one, make_context
from support.cuda_images import cuda_context

REQUIRE = "cuda>=12.4 brand=tesla,driver>=470,driver<471 brand=nvidia,driver>=470,driver<471"


def declare(*env: str) -> CudaDeclaration:
    """The declaration of an image with this environment."""
    return collect_one(CudaDeclarationCollector, cuda_context(env=env), CudaDeclaration)


def test_blanks_are_or_and_commas_are_and() -> None:
    """As in the container toolkit's internal/requirements."""
    requirement = parse_requirement("NVIDIA_REQUIRE_CUDA", REQUIRE)
    assert requirement.alternatives == (
        (Condition("cuda", ">=", "12.4"),),
        (Condition("brand", "=", "tesla"), Condition("driver", ">=", "470"), Condition("driver", "<", "471")),
        (Condition("brand", "=", "nvidia"), Condition("driver", ">=", "470"), Condition("driver", "<", "471")),
    )
    assert (requirement.cuda_floor, requirement.odd) == ("12.4", ())
    assert parse_requirement("NVIDIA_REQUIRE_X", "cuda=>12").odd == ("cuda=>12",)


def test_images_with_a_requirement() -> None:
    """The variables are kept with their values."""
    found = declare("PATH=/bin", "CUDA_VERSION=12.4.1", f"NVIDIA_REQUIRE_CUDA={REQUIRE}", "NVIDIA_VISIBLE_DEVICES=all")
    assert (found.cuda_version, found.is_legacy, found.visible_devices) == ("12.4.1", False, "all")
    assert [each.variable for each in found.requirements] == ["NVIDIA_REQUIRE_CUDA"]
    assert found.declares_cuda
    assert found.find("PATH") is None


def test_legacy_images_imply_a_requirement() -> None:
    """CUDA_VERSION alone."""
    found = declare("CUDA_VERSION=10.2.89")
    assert found.is_legacy
    assert [(each.text, each.is_implied) for each in found.requirements] == [("cuda>=10.2", True)]


def test_images_that_want_no_gpu() -> None:
    """Void hides the GPUs, and nothing else speaks of them."""
    assert not declare("NVIDIA_VISIBLE_DEVICES=void").declares_cuda
    assert not declare().declares_cuda
    assert declare().capabilities is None


def test_capabilities_and_the_check() -> None:
    """Both as the runtime splits and reads them."""
    found = declare("NVIDIA_DRIVER_CAPABILITIES=compute,utility", "NVIDIA_DISABLE_REQUIRE=1")
    assert found.capabilities == ("compute", "utility")
    assert found.is_check_disabled


def test_variables_name_the_instruction_that_set_them() -> None:
    """The last one counts; secrets do not show."""
    steps = ["ENV CUDA_VISIBLE_DEVICES=0 OTHER=1", "ENV CUDA_VISIBLE_DEVICES=1"]
    context = make_context(
        steps=[HistoryEntry(CREATED, step, empty_layer=True) for step in steps],
        runtime=RuntimeConfig(env=("CUDA_VISIBLE_DEVICES=1",), labels={"com.nvidia.cudnn.version": "9", "other": "x"}),
    )
    found = collect_one(CudaDeclarationCollector, context, CudaDeclaration)
    variable = found.find("CUDA_VISIBLE_DEVICES")
    assert variable is not None
    assert variable.instruction == "ENV CUDA_VISIBLE_DEVICES=1"
    assert found.labels == (("com.nvidia.cudnn.version", "9"),)
