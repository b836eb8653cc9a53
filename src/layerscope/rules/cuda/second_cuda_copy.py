"""CUDA020: the image holds CUDA's libraries twice."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.cuda.declared import CudaDeclaration
from layerscope.facts.cuda.framework import Framework
from layerscope.facts.cuda.libraries import CudaCopy
from layerscope.facts.cuda.places import CopyKind
from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.weight import ImageWeight
from layerscope.facts.python.environments import PythonEnvironment
from layerscope.facts.system.os_release import OsRelease
from layerscope.rules.cuda_copies import SecondCopy, iter_second_copies
from layerscope.rules.cuda_copy_cures import suggest_one_copy
from layerscope.rules.cuda_stack import find_users, tell_copy, tell_frameworks, tell_made_by
from layerscope.rules.finding import Finding
from layerscope.rules.fix import FixPlace
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.waste import judge_waste
from layerscope.rules.wording import tell_list, tell_size


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
        LAY104. What a distribution carries of its own is for information: nobody can take it out.
    References: vllm-project/vllm issue 14433; h2oai/h2o-llmstudio issue 1081.
    """

    code: ClassVar[str] = "CUDA020"
    covers: ClassVar[tuple[int, ...]] = (67,)
    severity: ClassVar[Severity] = Severity.MEDIUM
    needs: ClassVar[tuple[type[Fact], ...]] = (
        CudaCopy,
        Framework,
        ImageWeight,
        CudaDeclaration,
        PythonEnvironment,
        OsRelease,
    )
    fixed_in: ClassVar[tuple[FixPlace, ...]] = (FixPlace.DOCKERFILE,)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding for each copy beside the one that is kept."""
        for each in iter_second_copies(facts):
            yield self._report(each, facts)

    def _report(self, second: SecondCopy, facts: FactSet) -> Finding:
        """The finding for a copy; what another distribution carries nobody can take out."""
        kept, copy, size = second.kept, second.copy, second.size
        is_carried = copy.kind is CopyKind.BUNDLED and bool(copy.environment)
        users, others = find_users(kept, facts), find_users(copy, facts)
        told = f"; {tell_frameworks(users)} loads the first" if users else ""
        told += f"; {tell_frameworks(others)} loads the second" if others else "; nothing in Python loads the second"
        gain = f"Without the second, the image loses {tell_size(size)}"
        message = (
            f"{tell_copy(kept)} {tell_made_by(kept.evidence.layer, kept.instruction)} and {tell_copy(copy)} "
            f"{tell_made_by(copy.evidence.layer, copy.instruction)} both hold {tell_list(second.shared)}{told}. {gain}"
        )
        return self.finding(
            message,
            copy.evidence,
            kept.evidence,
            severity=Severity.INFO if is_carried else min(judge_waste(size, facts), Severity.MEDIUM),
            fixes=() if is_carried else (suggest_one_copy(kept, copy, facts),),
            wasted=size,
        )
