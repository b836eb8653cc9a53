"""CUDA042 runtime-newer-than-declared: what it flags and what it lets pass."""

from layerscope.rules.cuda.runtime_newer_than_declared import RuntimeNewerThanDeclared
from support.cases import flags, ignores
from support.cuda_images import collect_cuda, torch


def test_flags_a_framework_of_a_newer_major_version() -> None:
    """The check passes, CUDA fails."""
    (finding,) = flags(
        RuntimeNewerThanDeclared, *collect_cuda(torch(cuda="13.0"), env=["NVIDIA_REQUIRE_CUDA=cuda>=12.4"])
    )
    assert finding.message == (
        "NVIDIA_REQUIRE_CUDA is content with a driver for CUDA 12.4, and torch 2.6.0+cu130 was built for CUDA 13.0"
    )


def test_ignores_a_newer_minor_version() -> None:
    """Drivers of a major version run all of its runtimes."""
    ignores(RuntimeNewerThanDeclared, *collect_cuda(torch(cuda="12.8"), env=["NVIDIA_REQUIRE_CUDA=cuda>=12.4"]))
    ignores(RuntimeNewerThanDeclared, *collect_cuda(torch(cuda="13.0")))
