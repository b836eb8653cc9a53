"""What an image chooses of the causes and cures of an error."""

from typing import Final

import pytest
from msgspec.structs import replace

from layerscope.cli.evidence_audit import fit_to_image
from layerscope.facts.cuda.framework import Build
from layerscope.facts.cuda.gpu_verdict import Verdict
from layerscope.facts.cuda.libraries import CudaLibrary, RemovedCudaLibrary
from layerscope.facts.elf.libc import LibcProvided
from layerscope.facts.fact import Evidence
from layerscope.policies.error_search import find_explanations
from layerscope.policies.explanation import Explanation
from layerscope.policies.policies import Policies
from support.gpu_facts import torch, verdict
from support.python_facts import DISTRIBUTION, ENVIRONMENT, SITE
from support.results import ResultRecipe, make_finding, make_result
from support.tar_member import TarMember

POLICIES: Final = Policies()
CUDNN: Final = f"{SITE}/nvidia/cudnn/lib/libcudnn.so.9"
LIBC: Final = LibcProvided(Evidence(0, "lib/libc.so.6"), "glibc", "2.36", "lib/libc.so.6", 0, 9)


def fit(message: str, recipe: ResultRecipe) -> Explanation:
    """The explanation of a message, fitted to an image."""
    found = find_explanations(POLICIES.errors, message)[:1]
    return fit_to_image(found, POLICIES, make_result(recipe))[0]


def list_cures(message: str, recipe: ResultRecipe) -> str:
    """The titles and commands of its cures."""
    return "\n".join(text for cure in fit(message, recipe).cures for text in (cure.title, *cure.commands))


def test_a_cuda_that_the_image_does_not_have_is_no_cure() -> None:
    """That a framework was built for it puts no library into the image."""
    message = "libcublasLt.so.13: cannot open shared object file"
    cures = list_cures(message, ResultRecipe(facts=(torch("13.0"),)))
    assert "variant" not in cures
    assert "pip install 'nvidia-cublas'" in cures
    other = CudaLibrary(Evidence(1, "opt/libcublasLt.so.12"), "cublasLt", "cublas", "12", "12.8.1", 9, "opt")
    assert "install the variant of the package for CUDA 12.8" in list_cures(
        message, ResultRecipe(facts=(torch("12.8"), other))
    )


def test_a_library_that_is_there_is_not_installed_again() -> None:
    """The folder in which it lies is told, or the layer that removed it."""
    message = "libcudnn.so.9: cannot open shared object file"
    found = fit(message, ResultRecipe(layers=[[TarMember(CUDNN)]], facts=(torch("13.2"),)))
    folder = f"/{SITE}/nvidia/cudnn/lib"
    assert [cure.commands for cure in found.cures] == [(f"LD_LIBRARY_PATH={folder} PROGRAM",)]
    assert found.causes == (f"it is in a folder that the loader does not search for the program that fails: {folder}",)
    removed = RemovedCudaLibrary(Evidence(3, CUDNN), "cudnn", "RUN rm")
    assert list_cures(message, ResultRecipe(facts=(torch("13.2"), removed))) == (
        "leave libcudnn.so.9 out of what layer 3 removes"
    )


@pytest.mark.parametrize(
    ("members", "cure"),
    [
        (("usr/bin/apt-get",), "--no-install-recommends libgl1"),
        (("sbin/apk",), "apk add 'so:libGL.so.1'"),
        (("usr/bin/dnf",), "dnf install -y 'libGL.so.1()(64bit)'"),
    ],
)
def test_a_library_is_installed_by_the_image_s_own_means(members: tuple[str, ...], cure: str) -> None:
    """And by no other's."""
    recipe = ResultRecipe(layers=[[TarMember(path) for path in members]])
    (only,) = fit("libGL.so.1: cannot open shared object file", recipe).cures
    assert only.commands[0].endswith(cure)


def test_a_version_that_is_there_needs_no_other_base() -> None:
    """And one that no known base has is not promised."""
    message = "libc.so.6: version `GLIBC_{}' not found"
    recipe = ResultRecipe(facts=(LIBC,))
    assert list_cures(message.format("2.34"), recipe) == (
        "look which image was started: the C library of this one has GLIBC_2.34"
    )
    assert "FROM debian:trixie-slim" in list_cures(message.format("2.38"), recipe)
    assert "FROM" not in list_cures(message.format("2.99"), recipe)


def test_a_fix_of_a_finding_takes_the_place_of_the_general_one() -> None:
    """As does that nothing was found."""
    message = "Driver/library version mismatch"
    finding = make_finding("CUDA031", (3, "usr/lib/libcuda.so.1"), rule="baked-driver-library", fix="Leave it out")
    for recipe in (ResultRecipe(findings=(finding,)), ResultRecipe()):
        assert "apt-get purge" not in list_cures(message, recipe)
        assert "reload the modules" in list_cures(message, recipe)


def test_a_gpu_in_question_is_the_one_that_is_built_for() -> None:
    """An image that runs on it needs no other build."""
    message = "no kernel image is available for execution on the device"
    lacking = verdict(Verdict.NONE, name="V100", capability="7.0")
    cures = list_cures(message, ResultRecipe(facts=(torch("13.2"), lacking)))
    assert "TORCH_CUDA_ARCH_LIST=7.0 " in cures
    assert "/whl/cu126" in cures
    assert "torch" not in list_cures(message, ResultRecipe(facts=(lacking,)))
    running = list_cures(message, ResultRecipe(facts=(torch("13.2"), verdict(Verdict.NATIVE))))
    assert running == "look which image was started: what is in this one runs on that GPU"


def test_a_torch_without_cuda_is_changed_for_its_own_build() -> None:
    """The same release from the index of a build that there is; a torch with CUDA is left alone."""
    message = "Torch not compiled with CUDA enabled"
    cpu = replace(torch(""), build=Build.CPU, version="2.13.0+cpu")
    assert "torch==2.13.0+cu126 --index-url https://download.pytorch.org/whl/cu126" in list_cures(
        message, ResultRecipe(facts=(cpu,))
    )
    assert "pip install" not in list_cures(message, ResultRecipe(facts=(torch("13.2"),)))


def test_the_distribution_that_the_image_has_is_installed_anew() -> None:
    """In its version, by the image's own Python."""
    message = "No module named 'acme.core'"
    recipe = ResultRecipe(layers=[[TarMember(f"{SITE}/acme/__init__.py")]], facts=(ENVIRONMENT, DISTRIBUTION))
    assert list_cures(message, recipe).endswith(
        "/opt/venv/bin/python -m pip install --force-reinstall --no-deps acme==1.0"
    )
    there = ResultRecipe(layers=[[TarMember(f"{SITE}/acme/core.py")]], facts=(ENVIRONMENT, DISTRIBUTION))
    assert "pip install" not in list_cures(message, there)


def test_a_driver_that_suffices_is_not_replaced() -> None:
    """Then the container has no GPU."""
    message = "CUDA driver version is insufficient for CUDA runtime version"
    for driver, is_told in (("470.57.02", True), ("580.65.06", False)):
        asked = replace(verdict(Verdict.NATIVE), driver=driver)
        cures = list_cures(message, ResultRecipe(facts=(torch("13.2"), asked)))
        assert ("update the driver" in cures) is is_told
        assert ("/whl/cu118" in cures) is is_told
        assert "give the container a GPU" in cures


def test_a_framework_that_is_not_there_is_not_mended() -> None:
    """A message of ONNX Runtime cannot be from an image without it."""
    message = "Failed to create CUDAExecutionProvider"
    there = replace(torch("13.0"), name="onnxruntime")
    assert "onnxruntime-gpu[cuda,cudnn]" in list_cures(message, ResultRecipe(facts=(there,)))
    assert list_cures(message, ResultRecipe(facts=(torch("13.0"),))) == ""


def test_a_compat_library_is_told_for_drivers_that_it_works_with() -> None:
    """Those of the branches in its note."""
    message = "CUDA driver version is insufficient for CUDA runtime version"
    for driver, is_told in (("470.57.02", False), ("535.183.01", True)):
        asked = replace(verdict(Verdict.NATIVE), driver=driver)
        recipe = ResultRecipe(layers=[[TarMember("usr/bin/apt-get")]], facts=(torch("13.2"), asked))
        assert ("cuda-compat-13-2" in list_cures(message, recipe)) is is_told
