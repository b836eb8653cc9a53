"""What facts say of PyTorch, NumPy, Python, and demands on the host."""

from typing import Final

from msgspec.structs import replace

from layerscope.audit.evidence import find_evidence
from layerscope.audit.statement import Bearing
from layerscope.facts.cuda.declared import CudaDeclaration
from layerscope.facts.cuda.framework import Build
from layerscope.facts.cuda.requirement import parse_requirement
from layerscope.facts.fact import Evidence, Fact
from layerscope.policies.error_search import find_explanations
from layerscope.policies.policies import Policies
from support.gpu_facts import torch
from support.python_facts import DISTRIBUTION, ENVIRONMENT
from support.results import ResultRecipe, make_result

POLICIES: Final = Policies()
NO_CUDA: Final = "Torch not compiled with CUDA enabled"
DEMAND: Final = "requirement error: unsatisfied condition: cuda>=12.1"
MANAGED: Final = "error: externally-managed-environment"


def tell(message: str, *facts: Fact) -> tuple[Bearing, str]:
    """The one statement on an error."""
    result = make_result(ResultRecipe(facts=facts))
    (told,) = find_evidence(result, find_explanations(POLICIES.errors, message)[0], POLICIES).statements
    return told.bearing, told.text


def declare(*, is_legacy: bool = False, is_off: bool = False, **variables: str) -> CudaDeclaration:
    """A declaration with these requirements."""
    requirements = tuple(parse_requirement(name, text, is_implied=is_legacy) for name, text in variables.items())
    return CudaDeclaration(Evidence(), (), (), requirements, None, None, "12.1.1", is_legacy, is_off)


def test_the_build_of_torch_is_told() -> None:
    """Without a GPU that anybody asked about."""
    bearing, text = tell(NO_CUDA, torch("13.2"))
    assert bearing is Bearing.CONTRADICTS
    assert "is a build for CUDA 13.2, so the message is from another torch" in text
    bearing, text = tell(NO_CUDA, replace(torch(""), build=Build.CPU, version="2.13.0+cpu"))
    assert bearing is Bearing.EXPLAINS
    assert text.startswith("torch 2.13.0+cpu in /")
    assert text.endswith("is a build without CUDA (cpu)")
    assert tell(NO_CUDA, replace(torch(""), build=Build.UNKNOWN))[0] is Bearing.OPEN
    assert tell(NO_CUDA) == (Bearing.CONTRADICTS, "torch is not in the image: the message is from another one")


def test_a_demand_of_the_image_is_quoted() -> None:
    """Or that it makes none, or another one than that of the message."""
    assert tell(DEMAND, declare(NVIDIA_REQUIRE_CUDA="cuda>=12.1")) == (
        Bearing.EXPLAINS,
        "the image sets NVIDIA_REQUIRE_CUDA=cuda>=12.1",
    )
    bearing, text = tell(DEMAND, declare(NVIDIA_REQUIRE_CUDA="cuda>=11.0"))
    assert bearing is Bearing.CONTRADICTS
    assert text.endswith("without cuda>=12.1: the message is from another image")
    bearing, text = tell(DEMAND, declare())
    assert bearing is Bearing.CONTRADICTS
    assert "makes no such demand" in text
    assert tell(DEMAND, declare(is_off=True, NVIDIA_REQUIRE_CUDA="cuda>=12.1"))[0] is Bearing.CONTRADICTS
    bearing, text = tell(DEMAND, declare(is_legacy=True, CUDA_VERSION="cuda>=12.1"))
    assert (bearing, text) == (Bearing.EXPLAINS, "CUDA_VERSION=12.1.1 alone counts as a demand for cuda>=12.1")


def test_a_python_that_pip_is_kept_out_of_is_told() -> None:
    """Only an interpreter's own environment can be one."""
    system = replace(ENVIRONMENT, kind="system", is_managed=True)
    assert tell(MANAGED, system) == (
        Bearing.EXPLAINS,
        "Python 3.11.9 (/usr/local/bin/python3.11) is marked EXTERNALLY-MANAGED",
    )
    assert tell(MANAGED, ENVIRONMENT)[0] is Bearing.CONTRADICTS


def test_the_installed_numpy_is_told() -> None:
    """With the Python that has it."""
    numpy = replace(DISTRIBUTION, name="numpy", key="numpy", version="2.1.3")
    message = "ImportError: numpy.core.multiarray failed to import"
    assert tell(message, ENVIRONMENT, numpy) == (
        Bearing.OPEN,
        "numpy 2.1.3 is installed for Python 3.11.9 in /opt/venv (layer 2)",
    )
    assert tell(message) == (Bearing.OPEN, "numpy is not installed in the image")


def test_the_platform_of_the_image_is_told() -> None:
    """A processor of another kind cannot run it."""
    assert tell("exec /bin/sh: exec format error") == (Bearing.OPEN, "the image is for linux/amd64")
