"""CUDA026: ONNX Runtime goes on with the CPU without saying so."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.cuda.declared import CudaDeclaration
from layerscope.facts.cuda.framework import Build, Framework
from layerscope.facts.cuda.libraries import CudaCopy, RemovedCudaLibrary
from layerscope.facts.cuda.releases import major
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.proof import LayerProof
from layerscope.facts.python.environments import PythonEnvironment
from layerscope.rules.completeness import has_unread_layers
from layerscope.rules.cuda_stack import find_removals, has_part, tell_made_by, tell_removals
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix
from layerscope.rules.python_cures import tell_pip_of
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.wording import tell_list, tell_path


class OnnxruntimeOnCpu(Rule):
    """ONNX Runtime goes on with the CPU without saying so.

    What it checks: Where `onnxruntime-gpu` is installed, that its CUDA provider is there, and that the image has
        CUDA and cuDNN of the major versions that this release was built for.
    Why it matters: Where the provider cannot load, ONNX Runtime logs one line, "Failed to create
        CUDAExecutionProvider", and computes on the CPU.
    Example: `pip install onnxruntime-gpu` on `python:3.12-slim`, without its extras.
    Remedy: Keep `onnxruntime-gpu` alone, with the libraries that its extras `cuda` and `cudnn` name.
    Fix safety: Review: packages that require `onnxruntime` by name will call it missing.
    Blind spots: Whether the libraries are found from where they lie is the loader's matter; wheels of NVIDIA are only
        found after `onnxruntime.preload_dlls()` or `import torch`. What a program asks for as providers is not
        read. `onnxruntime` beside `onnxruntime-gpu` is told by PY006.
    References: microsoft/onnxruntime issues 21684 and 23372; danielgatis/rembg issue 668.
    """

    code: ClassVar[str] = "CUDA026"
    covers: ClassVar[tuple[int, ...]] = (39,)
    severity: ClassVar[Severity] = Severity.HIGH
    ends_gpu_work: ClassVar[Severity | None] = Severity.HIGH
    needs: ClassVar[tuple[type[Fact], ...]] = (
        Framework,
        PythonEnvironment,
        CudaCopy,
        RemovedCudaLibrary,
        CudaDeclaration,
        LayerProof,
    )

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """Findings by environment."""
        if has_unread_layers(facts):
            return
        for runtime in facts.of(Framework):
            if runtime.name != "onnxruntime" or not runtime.has_distribution("onnxruntime-gpu"):
                continue
            has_provider = "libonnxruntime_providers_cuda.so" in runtime.libraries
            place = tell_path(runtime.environment)
            made_by = tell_made_by(runtime.evidence.layer, runtime.instruction)
            if not has_provider:
                message = f"{runtime.label} in {place} {made_by} has no libonnxruntime_providers_cuda.so"
                yield self._tell(runtime, facts, message, "has no CUDA provider")
                continue  # the same cure brings its libraries too
            missing = _find_missing(runtime, facts) if runtime.build is Build.CUDA else []
            removed = find_removals(facts, missing)
            if missing:
                message = (
                    f"{runtime.label} in {place} {made_by} was built for {tell_list(missing)} ({runtime.source}), "
                    f"which the image does not have: its CUDA provider does not load"
                    f"{tell_removals(removed)}"
                )
                brief = f"finds no {' and no '.join(missing)}, so its CUDA provider does not load"
                yield self._tell(runtime, facts, message, brief, *(each.evidence for each in removed))

    def _tell(self, runtime: Framework, facts: FactSet, message: str, brief: str, *places: Evidence) -> Finding:
        """The finding, in full and in a few words."""
        return self.finding(
            message,
            *places,
            runtime.evidence,
            fixes=(_suggest(runtime, facts),),
            concerns=(runtime.package_path,),
            brief=f"{runtime.label} {brief}",
        )


def _find_missing(runtime: Framework, facts: FactSet) -> list[str]:
    """What it was built for and the image has not, in words."""
    missing = []
    if runtime.cuda and not has_part(facts, "cublas", runtime.cuda):
        missing.append(f"CUDA {major(runtime.cuda)}")
    if runtime.cudnn and not has_part(facts, "cudnn", runtime.cudnn):
        missing.append(f"cuDNN {major(runtime.cudnn)}")
    return missing


def _suggest(runtime: Framework, facts: FactSet) -> Fix:
    """The GPU package alone, with its libraries."""
    version = next((each.version for each in runtime.distributions if each.name == "onnxruntime-gpu"), runtime.version)
    uninstall = tell_pip_of(facts, runtime.environment, "uninstall")
    return Fix(
        "Install onnxruntime-gpu alone, last, with its libraries",
        (
            f"RUN {uninstall} -y onnxruntime onnxruntime-gpu",
            f"RUN {tell_pip_of(facts, runtime.environment)} 'onnxruntime-gpu[cuda,cudnn]=={version}'",
            "In the program, before a session is made: onnxruntime.preload_dlls()",
        ),
    )
