"""Values that fit cures to a driver and to an image's CUDA."""

import pytest

from layerscope.policies.error_search import find_explanations
from layerscope.policies.explanation import Explanation, fit_explanation
from layerscope.policies.fitted_values import FITTED, decode_cuda, fit_values
from layerscope.policies.policies import Policies

KNOWN = Policies().errors


def explain(message: str, image_cuda: str) -> Explanation:
    """The explanation of a message, for an image of that CUDA."""
    (found,) = find_explanations(KNOWN, message)
    return fit_explanation(found, KNOWN, image_cuda)


def list_commands(found: Explanation) -> str:
    """All commands of its cures."""
    return "\n".join(line for cure in found.cures for line in cure.commands)


@pytest.mark.parametrize(
    ("number", "cuda"), [("12020", "12.2"), ("11040", "11.4"), ("9020", "9.2"), ("0", ""), ("2.0.1", ""), ("", "")]
)
def test_the_number_of_a_driver_is_a_cuda_version(number: str, cuda: str) -> None:
    """A thousand times the major number, ten times the minor."""
    assert decode_cuda(number) == cuda


def test_packages_bear_the_cuda_of_the_image() -> None:
    """From CUDA 13 on the toolkit's have no suffix."""
    commands = list_commands(explain("libcudnn.so.9: cannot open shared object file", "13.2"))
    assert "pip install nvidia-cuda-runtime nvidia-cublas nvidia-cudnn-cu13" in commands
    assert "FROM nvidia/cuda:13." in commands
    assert "cu12" not in commands
    commands = list_commands(explain("libcudnn.so.9: cannot open shared object file", ""))
    assert "nvidia-cudnn-cu12" in commands


def test_a_library_that_bears_the_number_of_cuda_tells_which_is_wanted() -> None:
    """The image's own CUDA is told beside it."""
    found = explain("libcudart.so.11.0: cannot open shared object file", "13.2")
    assert "nvidia-cuda-runtime-cu11" in list_commands(found)
    assert found.cures[0].title.endswith("for CUDA 13.2, which the image has")


@pytest.mark.parametrize(("number", "build"), [("11040", "cu118"), ("12020", "cu126"), ("13000", "cu130")])
def test_a_build_is_for_the_driver_of_the_message(number: str, build: str) -> None:
    """Whatever CUDA the image has."""
    message = f"The NVIDIA driver on your system is too old (found version {number})."
    assert f"/whl/{build}" in list_commands(explain(message, "13.2"))


def test_all_values_are_listed() -> None:
    """A table may use these and no others."""
    caught = {"found": "12020", "part": "cudart", "version": "12", "sm": "120"}
    assert set(fit_values(caught, "13.2")) == FITTED
    assert fit_values({}, "") == {}
    assert fit_values({}, "unknown") == {}
