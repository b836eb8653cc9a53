"""CudaNeed: the CUDA that decides which drivers an image starts with, and the user-mode driver that may stand in."""

from typing import Final

from msgspec import Struct

from layerscope.facts.cuda.driver_files import DriverFile, DriverFileKind
from layerscope.facts.cuda.framework import Build, Framework
from layerscope.facts.cuda.libraries import CudaLibrary
from layerscope.facts.cuda.releases import numbers
from layerscope.facts.fact import Evidence
from layerscope.facts.fact_set import FactSet

_RUNTIME: Final = "cuda-runtime"


class CudaNeed(Struct, frozen=True):
    """A CUDA version, `13.2` or only `13`, and what needs it."""

    cuda: str
    what: str
    evidence: Evidence


def find_cuda_need(facts: FactSet) -> CudaNeed | None:
    """The newest CUDA that a framework of the image was built for, else that of the newest CUDA runtime in it."""
    needs = [
        CudaNeed(fact.cuda, fact.label, fact.evidence)
        for fact in facts.of(Framework)
        if fact.build is Build.CUDA and numbers(fact.cuda)
    ] or [
        CudaNeed(version, fact.evidence.path or fact.name, fact.evidence)
        for fact in facts.of(CudaLibrary)
        if fact.part == _RUNTIME and numbers(version := fact.version or fact.suffix)
    ]
    return max(needs, key=lambda need: numbers(need.cuda), default=None)


def find_compat_branches(facts: FactSet) -> tuple[int, ...]:
    """The driver branches of a host on which a user-mode driver in the image can stand in, by its own note."""
    branches = {
        branch for fact in facts.of(DriverFile) if fact.kind is DriverFileKind.COMPAT for branch in fact.branches
    }
    return tuple(sorted(branches))
