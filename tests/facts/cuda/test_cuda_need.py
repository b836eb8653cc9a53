"""Which CUDA decides about drivers."""

from layerscope.facts.cuda.cuda_need import find_cuda_need
from layerscope.facts.cuda.framework import Build, Framework
from layerscope.facts.cuda.libraries import CudaLibrary
from layerscope.facts.fact import Evidence
from layerscope.facts.fact_set import FactSet
from support.gpu_facts import torch

RUNTIME = CudaLibrary(Evidence(0, "usr/lib/libcudart.so.12"), "cudart", "cuda-runtime", "12", "", 700_000, "usr/lib")


def test_frameworks_come_before_runtimes() -> None:
    """The newest of them decides; the base image's runtime may be unused."""
    need = find_cuda_need(FactSet([RUNTIME, torch("11.8", "2.1.0"), torch("13.0")]))
    assert need is not None
    assert (need.cuda, need.what) == ("13.0", "torch 2.15.0")


def test_runtimes_decide_alone() -> None:
    """By their version, or by what follows `.so`."""
    need = find_cuda_need(FactSet([RUNTIME]))
    assert need is not None
    assert (need.cuda, need.what) == ("12", "usr/lib/libcudart.so.12")


def test_frameworks_for_processors_need_nothing() -> None:
    """Nor do other parts of CUDA."""
    cpu = Framework(Evidence(0, "torch"), "torch", "2.8.0+cpu", "lib", Build.CPU)
    assert find_cuda_need(FactSet([cpu])) is None
