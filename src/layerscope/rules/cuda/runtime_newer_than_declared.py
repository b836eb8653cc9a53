"""CUDA042: the image needs a newer driver than it demands."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.cuda.declared import CudaDeclaration
from layerscope.facts.cuda.framework import Build, Framework
from layerscope.facts.cuda.releases import major, newest
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.fact_set import FactSet
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity


class RuntimeNewerThanDeclared(Rule):
    """The image needs a newer driver than it demands.

    What it checks: The major version of CUDA that NVIDIA_REQUIRE_CUDA accepts at the lowest (or that the runtime
        implies from CUDA_VERSION) against that of the frameworks in the image.
    Why it matters: The check at the container's start passes, and CUDA fails later: "CUDA driver version is
        insufficient for CUDA runtime version". Schedulers that read the variable send it to hosts that cannot run it.
    Example: `pip install torch`, which is for CUDA 13 by now, on `nvidia/cuda:12.4.1-base-ubuntu22.04`.
    Remedy: A base image of the CUDA that the frameworks were built for, or frameworks for the base image's CUDA.
    Fix safety: Review: either changes which hosts run the image.
    Blind spots: Within one major version older drivers run newer runtimes, so minor versions are not told. Frameworks
        outside Python are not known.
    References: https://docs.nvidia.com/deploy/cuda-compatibility/minor-version-compatibility.html.
    """

    code: ClassVar[str] = "CUDA042"
    covers: ClassVar[tuple[int, ...]] = (33, 37)
    severity: ClassVar[Severity] = Severity.MEDIUM
    needs: ClassVar[tuple[type[Fact], ...]] = (CudaDeclaration, Framework)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding for each framework that needs more."""
        declaration = facts.find(CudaDeclaration)
        if declaration is None:
            return
        floor = newest(each.cuda_floor for each in declaration.requirements)
        declared = major(floor)
        if declared is None:
            return
        requirement = next(each for each in declaration.requirements if each.cuda_floor == floor)
        for framework in facts.of(Framework):
            needed = major(framework.cuda)
            if framework.build is Build.CUDA and needed is not None and needed > declared:
                message = (
                    f"{requirement.variable} is content with a driver for CUDA {floor}, and {framework.label} was "
                    f"built for CUDA {framework.cuda}"
                )
                yield self.finding(message, framework.evidence, Evidence(), fixes=(_suggest(framework.cuda),))


def _suggest(needed: str) -> Fix:
    """Base image and framework of one CUDA."""
    return Fix(
        "Bring base image and framework to one CUDA",
        (
            f"FROM nvidia/cuda:{needed}.x-base-…, or a base image without CUDA where wheels bring it",
            f'Or state it: ENV NVIDIA_REQUIRE_CUDA="cuda>={needed}"',
        ),
    )
