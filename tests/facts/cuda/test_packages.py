"""NVIDIA's packages are known by the names of their records."""

from layerscope.facts.cuda.packages import CondaPrefix, CudaPackage, CudaPackageCollector
from support.contexts import collect
from support.cuda_images import SITE, cuda_context, installed
from support.tar_member import file


def test_wheels_and_conda_packages_are_told() -> None:
    """Each with its environment."""
    context = cuda_context(
        [
            installed("nvidia-cudnn-cu12", "9.1.0.70"),
            installed("numpy", "2.1.0"),
            file("opt/conda/conda-meta/cuda-cudart-12.1.105-0.json", b"{}"),
            file("opt/conda/conda-meta/python-3.12.4-h5148396_1.json", b"{}"),
        ]
    )
    told = [
        (each.name, each.version, each.manager, each.environment)
        for each in collect(CudaPackageCollector, context).of(CudaPackage)
    ]
    assert told == [
        ("nvidia-cudnn-cu12", "9.1.0.70", "wheel", SITE),
        ("cuda-cudart", "12.1.105", "conda", "opt/conda"),
    ]


def test_conda_prefixes_are_told_with_what_they_hold() -> None:
    """Python is a package of conda's too."""
    names = ("python-3.12.4-h5148396_1", "conda-24.5.0-py312h06a4308_0", "cuda-cudart-12.1.105-0")
    context = cuda_context([file(f"opt/conda/conda-meta/{name}.json", b"{}") for name in names], steps=["RUN conda"])
    (found,) = collect(CudaPackageCollector, context).of(CondaPrefix)
    assert (found.prefix, found.packages, found.cuda_packages, found.has_conda) == ("opt/conda", 3, 1, True)
    assert found.instruction == "RUN conda"
