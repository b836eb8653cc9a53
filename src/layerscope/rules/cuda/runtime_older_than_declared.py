"""CUDA037: the image demands a newer driver than what is in it needs."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.cuda.declared import CudaDeclaration
from layerscope.facts.cuda.framework import Framework
from layerscope.facts.cuda.libraries import CudaCopy
from layerscope.facts.cuda.releases import is_older, major, newest
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.fact_set import FactSet
from layerscope.rules.cuda_stack import newest_runtime, tell_frameworks
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity


class RuntimeOlderThanDeclared(Rule):
    """The image demands a newer driver than what is in it needs.

    What it checks: The lowest CUDA that NVIDIA_REQUIRE_CUDA accepts (or that the runtime implies from CUDA_VERSION,
        where that is set alone) against the newest CUDA that a framework in the image was built for, or else the
        newest CUDA runtime in it.
    Why it matters: The NVIDIA runtime refuses to start the container on hosts where all of it would work:
        "unsatisfied condition: cuda>=12.8".
    Example: torch for CUDA 11.8 on `nvidia/cuda:12.8.0-base-ubuntu22.04`, whose variable demands 12.8.
    Remedy: A base image of the CUDA that the frameworks were built for, or none of NVIDIA's.
    Fix safety: Review: other programs in the image may need the newer CUDA.
    Blind spots: Frameworks outside Python are not known. Demands on brand and driver branch are not judged, and where
        NVIDIA_DISABLE_REQUIRE is set nothing is said.
    References: NVIDIA/nvidia-container-toolkit issues 152 and 940 (internal/requirements).
    """

    code: ClassVar[str] = "CUDA037"
    covers: ClassVar[tuple[int, ...]] = (33, 37)
    severity: ClassVar[Severity] = Severity.MEDIUM
    needs: ClassVar[tuple[type[Fact], ...]] = (CudaDeclaration, Framework, CudaCopy)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """At most one finding."""
        declaration = facts.find(CudaDeclaration)
        if declaration is None or declaration.is_check_disabled:
            return
        floor = newest(each.cuda_floor for each in declaration.requirements)
        needed = newest_runtime(facts)
        if not floor or not needed or not is_older(needed, floor):
            return
        requirement = next(each for each in declaration.requirements if each.cuda_floor == floor)
        users = [each for each in facts.of(Framework) if each.cuda == needed]
        how = f"{requirement.variable} implies" if requirement.is_implied else f"{requirement.variable} demands"
        who = f"{tell_frameworks(users)} was built for" if users else "the newest CUDA runtime in the image is"
        is_near = major(needed) == major(floor)
        yield self.finding(
            f"{how} a driver for CUDA {floor}, and {who} {needed}: hosts that could run it are refused",
            Evidence(),
            *(each.evidence for each in users),
            severity=Severity.LOW if is_near else Severity.MEDIUM,
            fixes=(_suggest(needed),),
        )


def _suggest(needed: str) -> Fix:
    """A base image that demands no more."""
    return Fix(
        "Demand what is needed",
        (
            f"FROM nvidia/cuda:{needed}.x-base-…, or a base image without CUDA where wheels bring it",
            f'Or state it: ENV NVIDIA_REQUIRE_CUDA="cuda>={needed}"',
        ),
    )
