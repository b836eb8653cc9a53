"""CUDA024: a framework was built for another CUDA than the image has."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.cuda.framework import Build, Framework
from layerscope.facts.cuda.libraries import CudaCopy, RemovedCudaLibrary
from layerscope.facts.cuda.places import CopyKind
from layerscope.facts.cuda.releases import is_older, major
from layerscope.facts.elf.unmet_needs import UnmetNeed
from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.proof import LayerProof
from layerscope.facts.python.environments import PythonEnvironment
from layerscope.rules.completeness import has_unread_layers
from layerscope.rules.cuda_stack import (
    find_cuda_copies,
    find_framework,
    find_removals,
    iter_frameworks_without_cuda,
    live_copies,
    tell_copy,
    tell_made_by,
    tell_removals,
)
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix
from layerscope.rules.framework_cures import install_framework
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Confidence, Severity
from layerscope.rules.wording import tell_list


class FrameworkCudaMismatch(Rule):
    """A framework was built for another CUDA than the image has.

    What it checks: For torch, CuPy and CTranslate2, that the image has CUDA libraries of the major version that they
        were built for; that extensions in torch's environment were built for torch's major version; and that the
        wheels of CUDA in its environment are not older than it.
    Why it matters: `libcudart.so.12: cannot open shared object file` at import. Extensions for another CUDA are
        refused by torch, or crash.
    Example: `RUN pip install cupy-cuda11x` on `nvidia/cuda:12.4.1-runtime-ubuntu22.04`.
    Remedy: Install the variant for the CUDA that is there, or the libraries for the variant that is there.
    Fix safety: Review: another variant may need another driver.
    Blind spots: Libraries that are linked into a framework are not seen; which file a process loads is the loader's
        matter. Minor versions within a major one are compatible and not told, but for wheels older than the framework.
    References: https://docs.nvidia.com/deploy/cuda-compatibility/; microsoft/onnxruntime issue 21684.
    """

    code: ClassVar[str] = "CUDA024"
    covers: ClassVar[tuple[int, ...]] = (33, 39)
    severity: ClassVar[Severity] = Severity.CRITICAL
    ends_gpu_work: ClassVar[Severity | None] = Severity.CRITICAL
    needs: ClassVar[tuple[type[Fact], ...]] = (
        Framework,
        PythonEnvironment,
        CudaCopy,
        RemovedCudaLibrary,
        UnmetNeed,
        LayerProof,
    )

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """Findings by framework; where a layer removed the libraries, ELF001 tells of it."""
        told = {need.reach.package for need in facts.of(UnmetNeed) if need.removed_by is not None}
        without = () if has_unread_layers(facts) else tuple(iter_frameworks_without_cuda(facts))
        without = tuple(each for each in without if each.name not in told)
        for framework in facts.of(Framework):
            if framework.build is not Build.CUDA or not framework.cuda:
                continue
            torch = find_framework(facts, "torch", framework.environment)
            if framework in without:
                yield self._tell_missing(framework, facts)
            if framework.name == "torch":
                yield from self._check_wheels(framework, facts)
            elif torch is not None and torch.cuda and major(torch.cuda) != major(framework.cuda) and framework.torch:
                message = f"{framework.label} was built for CUDA {framework.cuda}, {torch.label} for {torch.cuda}"
                fix = Fix(
                    f"Install {framework.name} for CUDA {torch.cuda}", install_framework(framework, facts, torch.cuda)
                )
                yield self.finding(message, framework.evidence, torch.evidence, severity=Severity.HIGH, fixes=(fix,))

    def _tell_missing(self, framework: Framework, facts: FactSet) -> Finding:
        """A framework whose libraries are not there."""
        copies, removed = find_cuda_copies(facts), find_removals(facts, ("CUDA",))
        there = tell_list(tell_copy(copy) for copy in copies) or "no CUDA libraries at all"
        message = (
            f"{framework.label} {tell_made_by(framework.evidence.layer, framework.instruction)} was built for CUDA "
            f"{framework.cuda} ({framework.source}); the image has {there}{tell_removals(removed)}"
        )
        fix = Fix(
            "Bring framework and libraries together",
            install_framework(framework, facts, copies[0].release if copies else ""),
        )
        places = (*(each.evidence for each in removed), framework.evidence, *(copy.evidence for copy in copies))
        brief = f"{framework.label} needs CUDA {major(framework.cuda)}, the image has {there}"
        return self.finding(message, *places, fixes=(fix,), concerns=(framework.package_path,), brief=brief)

    def _check_wheels(self, torch: Framework, facts: FactSet) -> Iterator[Finding]:
        """CUDA's wheels in torch's environment that are older than torch."""
        for copy in live_copies(facts):
            is_own = copy.kind is CopyKind.WHEEL and copy.environment == torch.environment
            if is_own and major(copy.release) == major(torch.cuda) and is_older(copy.release, torch.cuda):
                message = f"{torch.label} was built for CUDA {torch.cuda}, its environment has {tell_copy(copy)}"
                fix = Fix("Install the wheels that torch requires", install_framework(torch, facts, torch.cuda))
                places = (copy.evidence, torch.evidence)
                yield self.finding(
                    message, *places, severity=Severity.MEDIUM, confidence=Confidence.MEDIUM, fixes=(fix,)
                )
