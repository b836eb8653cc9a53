"""CUDA038 development-files-in-final-image: what it flags and what it lets pass."""

from layerscope.rules.cuda.development_files_in_final_image import DevelopmentFilesInFinalImage
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.cuda_images import collect_cuda, development, sized, toolkit
from support.sample_facts import MB, weight


def test_flags_a_development_toolkit() -> None:
    """By kind, largest first, with the layers that hold it."""
    (finding,) = flags(DevelopmentFilesInFinalImage, *collect_cuda(toolkit(), development()), weight(500 * MB))
    assert finding.message == (
        "/usr/local/cuda-12.4 (layer 1) hold 2.3 MB for building: static libraries 2.0 MB, compilers and tools 300.0 "
        "kB, headers 12 B and linker stubs 5 B"
    )
    assert (finding.severity, finding.wasted) == (Severity.LOW, 2_300_018)
    assert finding.fixes[0].steps[0].startswith("FROM nvidia/cuda:12.4.1-devel-ubuntu22.04 AS build")


def test_ignores_a_runtime_toolkit() -> None:
    """Less than a megabyte is nobody's development image."""
    ignores(DevelopmentFilesInFinalImage, *collect_cuda(toolkit()), weight(500 * MB))
    small = sized("usr/local/cuda-12.4/bin/nvcc", 5000)
    ignores(DevelopmentFilesInFinalImage, *collect_cuda([*toolkit(), small]), weight(500 * MB))
