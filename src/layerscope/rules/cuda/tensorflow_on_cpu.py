"""CUDA027: TensorFlow goes on with the CPU for want of CUDA's libraries."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.cuda.declared import CudaDeclaration
from layerscope.facts.cuda.framework import Build, Framework
from layerscope.facts.cuda.libraries import CudaCopy, RemovedCudaLibrary
from layerscope.facts.cuda.releases import major
from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.proof import LayerProof
from layerscope.facts.python.environments import PythonEnvironment
from layerscope.rules.completeness import has_unread_layers
from layerscope.rules.cuda_stack import declares_gpu, find_removals, has_part, means_gpu, tell_made_by, tell_removals
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix
from layerscope.rules.python_cures import tell_pip_of
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.wording import tell_list, tell_path


class TensorflowOnCpu(Rule):
    """TensorFlow goes on with the CPU for want of CUDA's libraries.

    What it checks: In images that are for GPUs, that TensorFlow is a CUDA build, and that CUDA and cuDNN of the major
        versions that it was built for are in the image.
    Why it matters: TensorFlow opens its libraries one by one and, where one is missing, logs "Cannot dlopen some GPU
        libraries" among other lines and computes on the CPU.
    Example: `pip install tensorflow` without `[and-cuda]` on `python:3.12-slim`, with NVIDIA_VISIBLE_DEVICES set.
    Remedy: `pip install 'tensorflow[and-cuda]'`, or an image with the CUDA and cuDNN of that release.
    Fix safety: Review: the extra adds gigabytes.
    Blind spots: Minor versions are not judged, nor whether the libraries lie where TensorFlow looks. What the release
        was built for comes from its build_info.py, else from a table that has no release older than 2.10.
    References: tensorflow/tensorflow issues 62412 and 62994; https://www.tensorflow.org/install/source#gpu.
    """

    code: ClassVar[str] = "CUDA027"
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
        """One finding for each environment."""
        if has_unread_layers(facts) or not means_gpu(facts):
            return
        for framework in facts.of(Framework):
            if framework.name != "tensorflow":
                continue
            what, removed = "", tuple[RemovedCudaLibrary, ...]()
            if framework.build is Build.CPU and declares_gpu(facts):
                what = "is built for the CPU alone, and the config asks for GPUs"
            elif framework.build is Build.CUDA:
                missing = [
                    f"{name} {major(version)}"
                    for name, part, version in (
                        ("CUDA", "cublas", framework.cuda),
                        ("cuDNN", "cudnn", framework.cudnn),
                    )
                    if version and not has_part(facts, part, version)
                ]
                removed = find_removals(facts, missing)
                what = (
                    f"needs {tell_list(missing)}, which the image does not have{tell_removals(removed)}"
                    if missing
                    else ""
                )
            if what:
                made_by = tell_made_by(framework.evidence.layer, framework.instruction)
                place = tell_path(framework.environment)
                yield self.finding(
                    f"{framework.label} in {place} {made_by} {what}",
                    *(each.evidence for each in removed),
                    framework.evidence,
                    fixes=(_suggest(framework, facts),),
                    concerns=(framework.package_path,),
                    brief=f"{framework.label} {what}",
                )


def _suggest(framework: Framework, facts: FactSet) -> Fix:
    """TensorFlow with its libraries."""
    pip, version = tell_pip_of(facts, framework.environment), framework.version.partition("+")[0]
    return Fix(
        "Install TensorFlow with CUDA's libraries",
        (f"RUN {pip} --force-reinstall 'tensorflow[and-cuda]=={version}'",),
    )
