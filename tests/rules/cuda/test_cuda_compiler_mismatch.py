"""CUDA043 cuda-compiler-mismatch: what it flags and what it lets pass."""

from layerscope.rules.cuda.cuda_compiler_mismatch import CudaCompilerMismatch
from support.cases import flags, ignores
from support.cuda_images import collect_cuda, development, toolkit, torch


def test_flags_a_compiler_of_another_major_version() -> None:
    """Torch builds nothing with it."""
    facts = collect_cuda([*toolkit(), *development()], torch(cuda="13.0"), steps=["ADD cuda", "RUN pip install torch"])
    (finding,) = flags(CudaCompilerMismatch, *facts)
    assert finding.message == (
        "torch 2.6.0+cu130 was built for CUDA 13.0, and the compiler in /usr/local/cuda-12.4 (layer 0: ADD cuda) is of "
        "CUDA 12.4.1: torch builds no extensions with it"
    )


def test_ignores_minor_versions_and_toolkits_without_a_compiler() -> None:
    """And torch for the CPU."""
    ignores(CudaCompilerMismatch, *collect_cuda([*toolkit(), *development()], torch(cuda="12.1")))
    ignores(CudaCompilerMismatch, *collect_cuda(toolkit(), torch(cuda="13.0")))
    ignores(CudaCompilerMismatch, *collect_cuda([*toolkit(), *development()], torch(cuda="")))
