"""CUDA022: NCCL libraries of different versions stand in each other's way."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.cuda.libraries import CudaLibrary
from layerscope.facts.cuda.packages import CudaPackage
from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.python.environments import PythonEnvironment
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix
from layerscope.rules.mixed_libraries import find_clashing_packages, find_searched_first
from layerscope.rules.python_cures import tell_pip_of
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.wording import tell_list, tell_path


class MixedNccl(Rule):
    """NCCL libraries of different versions stand in each other's way.

    What it checks: Environments with NCCL wheels for two CUDA versions, which write the same file, and an NCCL on
        `LD_LIBRARY_PATH` whose version is not that of an environment's own wheel.
    Why it matters: All processes of a job must run one NCCL: ranks with different ones wait for each other for ever,
        and an older one than the framework was built with lacks functions.
    Example: `apt-get install libnccl2` with `ENV LD_LIBRARY_PATH=/usr/lib/x86_64-linux-gnu` beside torch, which
        brings its own NCCL.
    Remedy: Keep one NCCL, the one that the framework's wheel requires.
    Fix safety: Review: a plugin for the network may have been built against the other one.
    Blind spots: An NCCL that is linked into a framework, as in conda packages, is not seen; nor are start scripts
        that set paths. Two versions of which only one is on a search path are told as a second copy (CUDA020).
    References: vllm-project/vllm issues 8058, 5484 and 20862.
    """

    code: ClassVar[str] = "CUDA022"
    covers: ClassVar[tuple[int, ...]] = (35,)
    severity: ClassVar[Severity] = Severity.MEDIUM
    needs: ClassVar[tuple[type[Fact], ...]] = (CudaLibrary, CudaPackage, PythonEnvironment)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """Findings for environments, then for search paths."""
        for environment, packages in find_clashing_packages(facts, "nvidia-nccl-cu"):
            told = tell_list(f"{each.name} {each.version}" for each in packages)
            message = f"{told} write the same libnccl.so.2 in {tell_path(environment)}: the last one installed won"
            yield self.finding(message, *(each.evidence for each in packages), fixes=(_suggest(packages[-1], facts),))
        for found, own in find_searched_first(facts, "nccl"):
            message = (
                f"{tell_path(found.evidence.path or '')} (NCCL {found.version}) is on {found.search}, which is "
                f"searched before {tell_path(own.copy)}, whose NCCL is {own.version}"
            )
            fix = Fix(
                "Let the framework load its own NCCL",
                (f"Take {tell_path(found.copy)} off {found.search}", "Or remove libnccl2 where it is installed"),
            )
            yield self.finding(message, found.evidence, own.evidence, fixes=(fix,))


def _suggest(package: CudaPackage, facts: FactSet) -> Fix:
    """One NCCL."""
    uninstall, install = (tell_pip_of(facts, package.environment, word) for word in ("uninstall", "install"))
    return Fix(
        "Install the NCCL of one CUDA version",
        (
            f"RUN {uninstall} -y nvidia-nccl-cu12 nvidia-nccl-cu13",
            f"RUN {install} --force-reinstall '{package.name}=={package.version}'   (the one that torch requires)",
        ),
    )
