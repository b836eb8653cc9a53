"""CUDA024 framework-cuda-mismatch: what it flags and what it lets pass."""

from msgspec.structs import replace

from layerscope.rules.cuda.framework_cuda_mismatch import FrameworkCudaMismatch
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.cuda_images import collect_cuda, installed, toolkit, torch, wheels
from support.elf_facts import NEED
from support.sample_facts import DAMAGED


def test_flags_a_framework_for_a_major_version_that_is_not_there() -> None:
    """Its import ends with a missing libcudart."""
    facts = collect_cuda(toolkit(), [installed("cupy-cuda11x", "13.4.1")], steps=["ADD cuda", "RUN pip install cupy"])
    (finding,) = flags(FrameworkCudaMismatch, *facts)
    assert finding.message == (
        "cupy 13.4.1 (layer 1: RUN pip install cupy) was built for CUDA 11 (the wheel's name); the image has CUDA 12.4 "
        "of the toolkit in /usr/local/cuda-12.4"
    )
    assert finding.severity is Severity.CRITICAL


def test_flags_torch_without_any_cuda() -> None:
    """Its wheels were left out with --no-deps."""
    (finding,) = flags(FrameworkCudaMismatch, *collect_cuda(torch()))
    assert finding.message.endswith(
        "was built for CUDA 12.4 (torch/version.py); the image has no CUDA libraries at all"
    )


def test_leaves_libraries_that_a_layer_removed_to_the_rule_that_tells_which() -> None:
    """What torch needs, and who took it."""
    removed = replace(NEED, needed="libcudart.so.12", removed_by=3, removed_path="a/libcudart.so.12")
    ignores(FrameworkCudaMismatch, *collect_cuda(torch()), removed)


def test_flags_an_extension_for_another_major_version() -> None:
    """Torchvision says so itself when it is imported."""
    scatter = installed("torch_scatter", "2.1.2+pt26cu118")
    (finding,) = flags(FrameworkCudaMismatch, *collect_cuda([*torch(), *wheels(), scatter]))
    assert finding.message == "torch-scatter 2.1.2+pt26cu118 was built for CUDA 11.8, torch 2.6.0+cu124 for 12.4"
    assert finding.severity is Severity.HIGH


def test_flags_wheels_that_are_older_than_torch() -> None:
    """A later step downgraded them."""
    (finding,) = flags(FrameworkCudaMismatch, *collect_cuda([*torch(), *wheels(cuda="12.1.105")]))
    assert finding.severity is Severity.MEDIUM


def test_ignores_what_fits() -> None:
    """Minor versions are compatible; a layer that could not be read may hold the rest."""
    ignores(FrameworkCudaMismatch, *collect_cuda([*torch(), *wheels()]))
    ignores(FrameworkCudaMismatch, *collect_cuda([*torch(cuda="12.6"), *toolkit()]))
    ignores(FrameworkCudaMismatch, *collect_cuda(torch(cuda="")))
    ignores(FrameworkCudaMismatch, DAMAGED, *collect_cuda(torch()))
