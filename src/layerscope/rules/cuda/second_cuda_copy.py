"""CUDA020: the image holds CUDA's libraries twice."""

from collections.abc import Iterator
from typing import ClassVar, Final

from layerscope.facts.cuda.framework import Framework
from layerscope.facts.cuda.libraries import CudaCopy
from layerscope.facts.cuda.places import CopyKind
from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.weight import ImageWeight
from layerscope.rules.cuda_stack import COMPUTING, find_users, live_copies, tell_copy, tell_frameworks, tell_made_by
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.waste import judge_waste
from layerscope.rules.wording import tell_list, tell_path, tell_size

NOTICED: Final = 50_000_000
"""Bytes; packages carry smaller ones of their own, such as a profiler's, and nobody can take them out."""


class SecondCudaCopy(Rule):
    """The image holds CUDA's libraries twice.

    What it checks: The same parts of CUDA (cuBLAS, cuDNN, NCCL, …) in more than one place: a toolkit below
        /usr/local/cuda-X.Y, the system's libraries, NVIDIA's wheels in a Python environment, a conda prefix, a
        program's own folder. A folder with none of CUDA runtime, cuBLAS and cuDNN does not
        count. The copy that most frameworks load is kept; of each other one, the parts that the kept one has too are
        added up.
    Why it matters: Gigabytes that every node pulls and no process opens; and where the versions differ, a search path
        that reaches the wrong copy first breaks imports.
    Example: torch from PyPI, which brings its CUDA as wheels, on a base image that brings CUDA as well:

            FROM nvidia/cuda:12.4.1-cudnn-runtime-ubuntu22.04
            RUN pip install torch

    Remedy: Build on an image without CUDA's libraries: the wheels bring all but the driver.
    Fix safety: Review: other programs may need the copy that no framework uses.
    Blind spots: Which copy a process loads is judged by where the framework lies, not by replaying the loader.
        Programs that are not Python packages are not seen as users. Copies in package managers' caches are told by
        LAY104, equal files by LAY105, so the bytes of findings overlap.
    References: vllm-project/vllm issue 14433; h2oai/h2o-llmstudio issue 1081.
    """

    code: ClassVar[str] = "CUDA020"
    covers: ClassVar[tuple[int, ...]] = (67,)
    severity: ClassVar[Severity] = Severity.MEDIUM
    needs: ClassVar[tuple[type[Fact], ...]] = (CudaCopy, Framework, ImageWeight)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding for each copy beside the one that is kept."""
        meant = [copy for copy in live_copies(facts) if any(copy.find_part(name) for name in COMPUTING)]
        copies = sorted(meant, key=lambda copy: self._rank(copy, facts), reverse=True)
        for number, copy in enumerate(copies):
            for kept in copies[:number]:
                shared = {part.name for part in kept.parts} & {part.name for part in copy.parts}
                size = sum(part.size for part in copy.parts if part.name in shared)
                if shared and size >= NOTICED:
                    yield self._report(kept, copy, sorted(shared), size, facts)
                    break

    def _rank(self, copy: CudaCopy, facts: FactSet) -> tuple[int, bool, int, str]:
        """How good a reason there is to keep a copy."""
        return (len(find_users(copy, facts)), copy.kind is not CopyKind.BUNDLED, copy.size, copy.root)

    def _report(self, kept: CudaCopy, copy: CudaCopy, shared: list[str], size: int, facts: FactSet) -> Finding:
        """The finding for a copy."""
        users, others = find_users(kept, facts), find_users(copy, facts)
        told = f"; {tell_frameworks(users)} loads the first" if users else ""
        told += f"; {tell_frameworks(others)} loads the second" if others else "; nothing in Python loads the second"
        gain = f"Without the second, the image loses {tell_size(size)}"
        message = (
            f"{tell_copy(kept)} {tell_made_by(kept.evidence.layer, kept.instruction)} and {tell_copy(copy)} "
            f"{tell_made_by(copy.evidence.layer, copy.instruction)} both hold {tell_list(shared)}{told}. {gain}"
        )
        return self.finding(
            message,
            copy.evidence,
            kept.evidence,
            severity=min(judge_waste(size, facts), Severity.MEDIUM),
            fixes=(_suggest(kept, copy),),
            wasted=size,
        )


def _suggest(kept: CudaCopy, copy: CudaCopy) -> Fix:
    """How to do without a copy."""
    if copy.kind in {CopyKind.TOOLKIT, CopyKind.SYSTEM} and kept.kind is CopyKind.WHEEL:
        return Fix(
            "Build on an image without CUDA's libraries",
            (
                "FROM python:3.12-slim   (the wheels bring CUDA; the host brings the driver)",
                "Or, where NVIDIA's variables are wanted: FROM nvidia/cuda:X.Y.Z-base-ubuntu24.04",
                "Set for --gpus: ENV NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility",
            ),
        )
    steps: tuple[str, ...] = (
        f"Leave {tell_path(copy.root)} out of the step that makes it; a deletion in a later step frees nothing",
    )
    if copy.kind is CopyKind.WHEEL:
        steps = ("Install everything into one environment, so that its packages share NVIDIA's wheels", *steps)
    return Fix(f"Keep one copy, that in {tell_path(kept.root)}", steps)
