"""CUDA023: parts that a CUDA library opens by name while it runs are missing beside it."""

import re
from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.cuda.libraries import CudaCopy, CudaLibrary, RemovedCudaLibrary
from layerscope.facts.cuda.packages import CudaPackage
from layerscope.facts.cuda.releases import major
from layerscope.facts.elf.unmet_needs import UnmetNeed
from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.proof import LayerProof
from layerscope.facts.python.environments import PythonEnvironment
from layerscope.rules.completeness import has_unread_layers
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix
from layerscope.rules.library_sets import OPTIONAL, find_incomplete_sets
from layerscope.rules.python_cures import tell_pip_at
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.told_removals import find_told_removals
from layerscope.rules.wording import tell_layer, tell_list, tell_path


class IncompleteCudaLibrary(Rule):
    """Parts that a CUDA library opens by name while it runs are missing beside it.

    What it checks: For each `libcudnn.so.8` or `.9` the libraries that it is split into, for those libraries
        `libcudnn` itself, and for each `libnvrtc.so.12` or `.13` its `libnvrtc-builtins`.
    Why it matters: No loader misses them at the start: the first convolution, or the first kernel that is compiled,
        ends the process with "Could not load library libcudnn_…", often without a Python exception.
    Example: `COPY --from=build /usr/lib/x86_64-linux-gnu/libcudnn.so.9 /usr/lib/` takes one of eight files along.
    Remedy: Copy or install the whole set.
    Fix safety: Review: the set must be of one version.
    Blind spots: Parts in another directory on the search path count as missing only where no directory has them.
        Whether an unversioned `libnvrtc.so` is wanted, as by some cuDNN 8, is not judged. Removed libraries that an
        object names are told by ELF001. Nothing is said where a layer could not be read.
    References: facefusion/facefusion-docker issue 9; daswer123/xtts-finetune-webui issue 18.
    """

    code: ClassVar[str] = "CUDA023"
    covers: ClassVar[tuple[int, ...]] = (35,)
    severity: ClassVar[Severity] = Severity.HIGH
    needs: ClassVar[tuple[type[Fact], ...]] = (
        CudaLibrary,
        RemovedCudaLibrary,
        CudaCopy,
        CudaPackage,
        UnmetNeed,
        LayerProof,
        PythonEnvironment,
    )

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding for each library that lacks parts, and one for parts that lack their library."""
        told = find_told_removals(facts)
        if not has_unread_layers(facts):
            for library, missing in find_incomplete_sets(facts):
                removed = [each for each in facts.of(RemovedCudaLibrary) if each.name in missing]
                if not told & {each.evidence.path for each in removed}:
                    yield self._report(library, missing, removed[:1], facts)

    def _report(
        self, library: CudaLibrary, missing: list[str], removed: list[RemovedCudaLibrary], facts: FactSet
    ) -> Finding:
        """The finding of a library."""
        named = tell_list(f"lib{name}.so.{major(library.suffix)}" for name in missing)
        path = tell_path(library.evidence.path or "")
        by = "".join(f": {tell_layer(each.evidence.layer, each.instruction)} removed it" for each in removed)
        is_optional = all(name in OPTIONAL for name in missing)
        return self.finding(
            f"{path} is there, and {named}, without which it does not work, nowhere in the image{by}",
            *(each.evidence for each in removed),
            library.evidence,
            severity=Severity.LOW if is_optional else None,
            fixes=(_suggest(library, path, facts),),
        )


def _suggest(library: CudaLibrary, path: str, facts: FactSet) -> Fix:
    """The whole set."""
    is_newer = re.search(r"/cu1[3-9]$", library.copy) is not None
    package = f"nvidia-cudnn-cu{13 if is_newer else 12}"
    if library.part != "cudnn":
        package = "nvidia-cuda-nvrtc" if is_newer else "nvidia-cuda-nvrtc-cu12"
    folder, _, name = path.rpartition("/")
    pip = tell_pip_at(facts, library.evidence.path)
    steps = (
        f"RUN {pip} --force-reinstall {package}   (or the package of that version that {path} came with)",
        f"Or copy all of its files: COPY --from=build {folder}/{name[:8]}*.so.* …",
    )
    return Fix(f"Bring the whole of {library.part}", steps)
