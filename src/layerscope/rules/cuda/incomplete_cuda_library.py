"""CUDA023: parts that a CUDA library opens by name while it runs are missing beside it."""

from collections.abc import Iterator
from typing import ClassVar, Final

from layerscope.facts.cuda.libraries import CudaLibrary
from layerscope.facts.cuda.packages import CudaPackage
from layerscope.facts.cuda.releases import major
from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.proof import LayerProof
from layerscope.rules.completeness import has_unread_layers
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.wording import tell_list, tell_path

PARTS: Final[dict[tuple[str, int | None], tuple[str, ...]]] = {
    ("cudnn", 9): (
        "cudnn_graph", "cudnn_ops", "cudnn_cnn", "cudnn_adv", "cudnn_heuristic", "cudnn_engines_precompiled",
        "cudnn_engines_runtime_compiled",
    ),
    ("cudnn", 8): (
        "cudnn_ops_infer", "cudnn_cnn_infer", "cudnn_adv_infer", "cudnn_ops_train", "cudnn_cnn_train",
        "cudnn_adv_train",
    ),
    ("nvrtc", 12): ("nvrtc-builtins",),
    ("nvrtc", 13): ("nvrtc-builtins",),
}  # fmt: skip
"""By library and major version, what its packages hold beside it: https://docs.nvidia.com/deeplearning/cudnn/"""

OPTIONAL: Final = ("cudnn_adv", "cudnn_adv_infer", "cudnn_ops_train", "cudnn_cnn_train", "cudnn_adv_train")
"""Only recurrent networks, attention and training ask for these; images leave them out on purpose."""


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
        Whether an unversioned `libnvrtc.so` is wanted, as by some cuDNN 8, is not judged. Nothing is said where a
        layer could not be read.
    References: facefusion/facefusion-docker issue 9; daswer123/xtts-finetune-webui issue 18.
    """

    code: ClassVar[str] = "CUDA023"
    covers: ClassVar[tuple[int, ...]] = (35,)
    severity: ClassVar[Severity] = Severity.HIGH
    needs: ClassVar[tuple[type[Fact], ...]] = (CudaLibrary, CudaPackage, LayerProof)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding for each library that lacks parts."""
        if has_unread_layers(facts):
            return
        libraries = facts.of(CudaLibrary)
        have = {(library.name, major(library.suffix)) for library in libraries}
        partial = {each.environment for each in facts.of(CudaPackage) if "cudnn-jit" in each.name}
        for library in libraries:
            number = major(library.suffix)
            wanted = PARTS.get((library.name, number), ())
            missing = [name for name in wanted if (name, number) not in have]
            if missing and not any(library.copy.startswith(environment) for environment in partial):
                yield self._report(library, missing)
        yield from self._check_main(libraries, have)

    def _check_main(self, libraries: tuple[CudaLibrary, ...], have: set[tuple[str, int | None]]) -> Iterator[Finding]:
        """Parts of cuDNN of which the library that programs load is gone."""
        for number in (8, 9):
            parts = [each for each in libraries if each.part == "cudnn" and major(each.suffix) == number]
            if (
                parts
                and ("cudnn", number) not in have
                and any(each.name == PARTS["cudnn", number][1] for each in parts)
            ):
                folder = tell_path((parts[0].evidence.path or "").rpartition("/")[0])
                fix = _suggest(parts[0], f"{folder}/libcudnn")
                message = (
                    f"{folder} holds {len(parts)} parts of cuDNN {number}, and libcudnn.so.{number} is not in the image"
                )
                yield self.finding(message, *(each.evidence for each in parts[:1]), fixes=(fix,))

    def _report(self, library: CudaLibrary, missing: list[str]) -> Finding:
        """The finding of a library."""
        named = tell_list(f"lib{name}.so.{major(library.suffix)}" for name in missing)
        path = tell_path(library.evidence.path or "")
        is_optional = all(name in OPTIONAL for name in missing)
        return self.finding(
            f"{path} is there, and {named}, which it opens while it runs, nowhere in the image",
            library.evidence,
            severity=Severity.LOW if is_optional else None,
            fixes=(_suggest(library, path),),
        )


def _suggest(library: CudaLibrary, path: str) -> Fix:
    """The whole set."""
    package = "nvidia-cudnn-cu12" if library.part == "cudnn" else "nvidia-cuda-nvrtc-cu12"
    folder, _, name = path.rpartition("/")
    steps = (
        f"RUN pip install --force-reinstall {package}   (or the package of that version that {path} came with)",
        f"Or copy all of its files: COPY --from=build {folder}/{name[:8]}*.so.* …",
    )
    return Fix(f"Bring the whole of {library.part}", steps)
