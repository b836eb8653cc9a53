"""Whether a host's NVIDIA runtime starts an image, by what the image demands."""

import pytest

from layerscope.facts.cuda.declared import CudaDeclaration, CudaDeclarationCollector
from layerscope.facts.cuda.gpu_target import parse_gpu
from layerscope.facts.cuda.host_check import HostCheck
from layerscope.facts.cuda.judge import judge_gpus
from layerscope.facts.cuda.requirement import parse_requirement
from layerscope.facts.fact_set import FactSet
from layerscope.policies.policies import Policies
from support.contexts import collect_one
from support.cuda_images import cuda_context
from support.gpu_facts import library, sm, torch

HOST = HostCheck(driver=(535, 183, 1), cuda="12.2", capability=75, is_data_center=True)


@pytest.mark.parametrize(
    ("text", "is_met"),
    [
        ("cuda>=12.2", True),
        ("cuda>=12.3", False),
        ("cuda>=12.8 brand=tesla,driver>=535,driver<536", True),
        ("cuda>=12.8 brand=tesla,driver>=470,driver<471", False),
        ("cuda>=12.8 brand=geforce,driver>=535", False),
        ("cuda>=12.0,arch>=7.5", True),
        ("arch>=8.0", False),
        ("driver!=535", False),
        ("cuda=12.2", True),
        ("cuda<12", False),
        ("weather=fine", True),
        ("", True),
    ],
)
def test_any_alternative_of_conditions_suffices(text: str, *, is_met: bool) -> None:
    """What is not known of the host counts as held."""
    assert HOST.meets(parse_requirement("NVIDIA_REQUIRE_CUDA", text)) is is_met


def declare(*env: str) -> FactSet:
    """What an image with this environment declares."""
    return FactSet([collect_one(CudaDeclarationCollector, cuda_context(env=env), CudaDeclaration)])


def test_tells_the_demand_and_what_the_driver_serves() -> None:
    """Alternatives for certain models are left out of the sentence."""
    demanding = declare("NVIDIA_REQUIRE_CUDA=cuda>=12.8 brand=tesla,driver>=470,driver<471")
    assert HOST.find_refusal(demanding) == "NVIDIA_REQUIRE_CUDA demands cuda>=12.8, and the driver serves CUDA 12.2"
    legacy = declare("CUDA_VERSION=12.4.1")
    assert HOST.find_refusal(legacy) == "CUDA_VERSION implies cuda>=12.4, and the driver serves CUDA 12.2"


def test_nothing_is_refused_without_a_demand() -> None:
    """Nor where the check is switched off, or the driver serves what is not known."""
    assert HOST.find_refusal(FactSet([])) == ""
    assert HOST.find_refusal(declare("NVIDIA_REQUIRE_CUDA=cuda>=12.1")) == ""
    demand = "NVIDIA_REQUIRE_CUDA=cuda>=12.8"
    assert HOST.find_refusal(declare(demand, "NVIDIA_DISABLE_REQUIRE=1")) == ""
    assert HostCheck((1,), None, 75, is_data_center=False).find_refusal(declare(demand)) == ""


def test_verdicts_tell_the_refusal_of_a_driver_that_was_named() -> None:
    """PyTorch for CUDA 12.8 starts with it; the base image's demand is in the way."""
    policies = Policies()
    facts = FactSet(
        [*declare("NVIDIA_REQUIRE_CUDA=cuda>=12.8"), torch("12.8"), library("libtorch_cuda.so", (9, sm(75, 90)))]
    )
    target = parse_gpu("T4", policies.gpu_arch)
    (refused,) = judge_gpus(facts, policies, (target,), "560.35.05")
    assert refused.refusal == "NVIDIA_REQUIRE_CUDA demands cuda>=12.8, and the driver serves CUDA 12.6"
    (unnamed,) = judge_gpus(facts, policies, (target,))
    assert unnamed.refusal == ""
