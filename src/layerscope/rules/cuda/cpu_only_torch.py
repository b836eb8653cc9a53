"""CUDA025: an image for GPUs has a torch that computes on the CPU alone."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.cuda.declared import CudaDeclaration
from layerscope.facts.cuda.framework import Build, Framework
from layerscope.facts.cuda.gpu_verdict import GpuVerdict
from layerscope.facts.cuda.libraries import CudaCopy
from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.proof import LayerProof
from layerscope.rules.completeness import has_unread_layers
from layerscope.rules.cuda_stack import declares_gpu, means_gpu, newest_runtime, tell_made_by, wheel_index
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix
from layerscope.rules.gpu_builds import PYPI, SEEN, choose_build, find_shared_builds, install_torch
from layerscope.rules.python_cures import tell_pip_of
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Confidence, Severity
from layerscope.rules.wording import tell_list, tell_path


class CpuOnlyTorch(Rule):
    """An image for GPUs has a torch that computes on the CPU alone.

    What it checks: torch's `version.py` (`cuda = None`) and version (`+cpu`), where the config asks for GPUs, a
        GPU is asked about (--gpu, --fleet), or the image holds CUDA's libraries; and a torch built for CUDA whose
        `libtorch_cuda.so` is not there.
    Why it matters: `torch.cuda.is_available()` is false whatever the host has: "Torch not compiled with CUDA enabled",
        or hours on a CPU beside an idle GPU.
    Example: A later `RUN pip install -r requirements.txt --extra-index-url …/whl/cpu` replaces the CUDA build.
    Remedy: Install torch from the index for CUDA, last, with its version pinned.
    Fix safety: Review: the CUDA build is larger by gigabytes; in an image for CPUs, drop what asks for GPUs instead.
    Blind spots: A ROCm or XPU build is not told. Where another environment has a CUDA build, this one may be meant
        for the CPU: confidence is medium then. Nothing is said of absent libraries where a layer could not be read.
    References: facebookresearch/detectron2 issue 460; https://pytorch.org/get-started/locally/.
    """

    code: ClassVar[str] = "CUDA025"
    covers: ClassVar[tuple[int, ...]] = (32, 33, 34, 35)
    severity: ClassVar[Severity] = Severity.CRITICAL
    ends_gpu_work: ClassVar[Severity | None] = Severity.HIGH
    needs: ClassVar[tuple[type[Fact], ...]] = (*SEEN, CudaDeclaration, CudaCopy, GpuVerdict, LayerProof)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding for each such torch."""
        torches = [each for each in facts.of(Framework) if each.name == "torch"]
        asked = list(dict.fromkeys(each.name for each in facts.of(GpuVerdict) if each.is_asked))
        has_other = any(each.build is Build.CUDA for each in torches)
        for torch in torches:
            place = tell_path(torch.environment)
            made_by = tell_made_by(torch.evidence.layer, torch.instruction)
            if torch.build is Build.CPU and (means_gpu(facts) or asked):
                reason = _tell_reason(facts, asked)
                message = f"{torch.label} in {place} {made_by} is built for the CPU alone, and {reason}"
                yield self.finding(
                    message,
                    torch.evidence,
                    severity=Severity.CRITICAL if (declares_gpu(facts) or asked) and not has_other else Severity.HIGH,
                    confidence=Confidence.MEDIUM if has_other else Confidence.HIGH,
                    fixes=(_suggest(torch, facts, newest_runtime(facts)),),
                    concerns=None if has_other else (torch.package_path,),
                    brief=f"{torch.label} is built for the CPU alone",
                )
            elif torch.build is Build.CUDA and _lacks_library(torch) and not has_unread_layers(facts):
                message = (
                    f"{torch.label} in {place} {made_by} was built for CUDA {torch.cuda}, but "
                    f"its libtorch_cuda.so is not in the image"
                )
                yield self.finding(
                    message,
                    torch.evidence,
                    fixes=(_suggest(torch, facts, torch.cuda),),
                    concerns=(torch.package_path,),
                    brief=f"{torch.label} has lost its libtorch_cuda.so",
                )


def _tell_reason(facts: FactSet, asked: list[str]) -> str:
    """By what a GPU is meant."""
    if declares_gpu(facts):
        return "the config asks for GPUs"
    if means_gpu(facts):
        return "the image holds CUDA's libraries"
    return f"{tell_list(asked)} {'was' if len(asked) == 1 else 'were'} asked about"


def _lacks_library(torch: Framework) -> bool:
    """Whether torch's CUDA library is gone although its other libraries lie where they are looked for."""
    names = torch.libraries
    return "libtorch_cpu.so" in names and not any(name.startswith("libtorch_cuda") for name in names)


def _suggest(torch: Framework, facts: FactSet, cuda: str) -> Fix:
    """A torch for CUDA: one with code for what was asked about, of the CUDA that is there, or PyPI's."""
    version, builds = torch.version.partition("+")[0], find_shared_builds(facts)
    if builds:
        command = install_torch(torch, choose_build(builds, version), facts)
    else:
        index = wheel_index(".".join(cuda.split(".")[:2])) if "." in cuda else PYPI
        command = f"RUN {tell_pip_of(facts, torch.environment)} --force-reinstall torch=={version} --index-url {index}"
    return Fix(
        "Install torch for CUDA, in the last step that installs packages",
        (
            command,
            "Find out what replaced it: pip install --dry-run --report - -r requirements.txt",
            "With uv, bind torch to that index in pyproject.toml: [tool.uv.sources]",
        ),
    )
