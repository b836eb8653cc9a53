"""CUDA021: cuDNN libraries of different versions stand in each other's way."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.cuda.framework import Build, Framework
from layerscope.facts.cuda.libraries import CudaLibrary
from layerscope.facts.cuda.packages import CudaPackage
from layerscope.facts.cuda.releases import major, numbers
from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.python.environments import PythonEnvironment
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix
from layerscope.rules.mixed_libraries import find_clashing_packages, find_searched_first, find_split_folders
from layerscope.rules.python_cures import tell_pip_at, tell_pip_of
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Confidence, Severity
from layerscope.rules.wording import tell_list, tell_path


class MixedCudnn(Rule):
    """CuDNN libraries of different versions stand in each other's way.

    What it checks: Folders that hold cuDNN's parts in several versions of one major version; environments with
        cuDNN wheels for two CUDA versions, which write the same files; a cuDNN on `LD_LIBRARY_PATH` whose version is
        not that of the environment's own or of what torch requires; and torch beside another cuDNN than it requires.
    Why it matters: cuDNN opens its parts by name while it runs. Parts of different versions end the process with
        "Cannot load symbol cudnn…" or "cuDNN version incompatibility", some without a Python exception.
    Example: `apt-get install libcudnn9-cuda-12` with `ENV LD_LIBRARY_PATH=/usr/lib/x86_64-linux-gnu` beside torch,
        which brings its own cuDNN.
    Remedy: Keep one cuDNN: the wheel's, on a base image without one, with no `LD_LIBRARY_PATH`.
    Fix safety: Review: other programs may rely on the other cuDNN.
    Blind spots: Versions are read from file names and package metadata; where neither tells them, nothing is said.
        Paths that a start script sets are not seen. Side by side and off the path, two versions are no fault.
    References: pytorch/pytorch issues 80637 and 104591; replicate/cog issue 815.
    """

    code: ClassVar[str] = "CUDA021"
    covers: ClassVar[tuple[int, ...]] = (35, 39)
    severity: ClassVar[Severity] = Severity.HIGH
    needs: ClassVar[tuple[type[Fact], ...]] = (CudaLibrary, CudaPackage, Framework, PythonEnvironment)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """Findings for folders, for environments, for search paths, and for torch."""
        for folder, versions, files in find_split_folders(facts, "cudnn"):
            message = f"{tell_path(folder)} holds parts of cuDNN {tell_list(versions)}, which do not work together"
            yield self.finding(message, *files, fixes=(_suggest(facts, versions[-1]),))
        for environment, packages in find_clashing_packages(facts, "nvidia-cudnn-cu"):
            told = tell_list(f"{each.name} {each.version}" for each in packages)
            message = f"{told} write the same files in {tell_path(environment)}: the cuDNN there is one or a mixture"
            fix = _suggest(facts, packages[-1].version, environment=packages[-1].environment)
            yield self.finding(message, *(each.evidence for each in packages), fixes=(fix,))
        for found, own in find_searched_first(facts, "cudnn"):
            message = (
                f"{tell_path(found.evidence.path or '')} (cuDNN {found.version}) is on {found.search}, which is "
                f"searched before {tell_path(own.copy)}, whose cuDNN is {own.version}"
            )
            fix = _suggest(facts, own.version, at=own.evidence.path)
            yield self.finding(message, found.evidence, own.evidence, confidence=Confidence.MEDIUM, fixes=(fix,))
        yield from self._check_torch(facts)

    def _check_torch(self, facts: FactSet) -> Iterator[Finding]:
        """Findings for torch whose environment has an older cuDNN than its wheel requires."""
        for torch in facts.of(Framework):
            if torch.name != "torch" or torch.build is not Build.CUDA or not torch.cudnn:
                continue
            for package in facts.of(CudaPackage):
                is_cudnn = package.environment == torch.environment and package.name.startswith("nvidia-cudnn-cu")
                if is_cudnn and numbers(package.version)[:2] < numbers(torch.cudnn)[:2]:
                    is_other = major(package.version) != major(torch.cudnn)
                    message = (
                        f"{torch.label} was built with cuDNN {torch.cudnn}, and its environment has {package.name} "
                        f"{package.version}"
                    )
                    yield self.finding(
                        message,
                        package.evidence,
                        torch.evidence,
                        severity=Severity.CRITICAL if is_other else Severity.HIGH,
                        fixes=(_suggest(facts, torch.cudnn, package.name, environment=package.environment),),
                    )


def _suggest(
    facts: FactSet, version: str, package: str = "nvidia-cudnn-cu12", *, environment: str = "", at: str | None = None
) -> Fix:
    """One cuDNN."""
    pip = tell_pip_of(facts, environment) if environment else tell_pip_at(facts, at)
    return Fix(
        "Keep one cuDNN, the one that the framework was built with",
        (
            f"RUN {pip} --force-reinstall '{package}=={version}'   (in the step that installs the framework)",
            "Use a base image without cuDNN, and set no LD_LIBRARY_PATH that leads to one",
        ),
    )
