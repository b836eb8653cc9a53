"""CUDA043: the CUDA compiler in the image is not one that torch builds extensions with."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.cuda.framework import Build, Framework
from layerscope.facts.cuda.releases import major
from layerscope.facts.cuda.toolkit import CudaToolkit
from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.python.environments import PythonEnvironment
from layerscope.rules.cuda_stack import tell_made_by, wheel_index
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix
from layerscope.rules.python_cures import tell_pip_of
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.wording import tell_path


class CudaCompilerMismatch(Rule):
    """The CUDA compiler in the image is not one that torch builds extensions with.

    What it checks: The major version of each toolkit with `nvcc` against that of the CUDA which torch was built for.
    Why it matters: torch refuses to build extensions with another major version: "The detected CUDA version mismatches
        the version that was used to compile PyTorch". Packages that compile kernels at their first use fail then, and
        the gigabytes of the toolkit are of no use to torch.
    Example: `pip install torch`, which is for CUDA 13 by now, on `nvidia/cuda:12.4.1-devel-ubuntu22.04`.
    Remedy: torch for the toolkit's CUDA, a toolkit for torch's, or no toolkit.
    Fix safety: Review: another torch build may need another driver.
    Blind spots: The toolkit may be there for programs that have nothing to do with torch. A compiler from wheels or
        conda packages is not looked at.
    References: https://pytorch.org/docs/stable/cpp_extension.html (torch.utils.cpp_extension, CUDA versions).
    """

    code: ClassVar[str] = "CUDA043"
    covers: ClassVar[tuple[int, ...]] = (33,)
    severity: ClassVar[Severity] = Severity.MEDIUM
    needs: ClassVar[tuple[type[Fact], ...]] = (Framework, PythonEnvironment, CudaToolkit)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding for each pair that does not fit."""
        for torch in facts.of(Framework):
            if torch.name != "torch" or torch.build is not Build.CUDA or not torch.cuda:
                continue
            for toolkit in facts.of(CudaToolkit):
                if toolkit.has_compiler and toolkit.version and major(toolkit.version) != major(torch.cuda):
                    made_by = tell_made_by(toolkit.evidence.layer, toolkit.instruction)
                    message = (
                        f"{torch.label} was built for CUDA {torch.cuda}, and the compiler in {tell_path(toolkit.root)} "
                        f"{made_by} is of CUDA {toolkit.version}: torch builds no extensions with it"
                    )
                    yield self.finding(
                        message, toolkit.evidence, torch.evidence, fixes=(_suggest(torch, toolkit, facts),)
                    )


def _suggest(torch: Framework, toolkit: CudaToolkit, facts: FactSet) -> Fix:
    """One CUDA for both."""
    release, version = ".".join(toolkit.version.split(".")[:2]), torch.version.partition("+")[0]
    pip = tell_pip_of(facts, torch.environment)
    return Fix(
        "Bring torch and the toolkit to one CUDA",
        (
            f"FROM nvidia/cuda:{torch.cuda}.x-devel-…   (or no toolkit, where nothing is compiled)",
            f"Or: RUN {pip} --force-reinstall torch=={version} --index-url {wheel_index(release)}",
        ),
    )
