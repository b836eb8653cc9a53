"""Libraries of CUDA that come in sets, and which of a set are missing in an image."""

from collections.abc import Iterator
from typing import Final

from layerscope.facts.cuda.libraries import CudaCopy, CudaLibrary
from layerscope.facts.cuda.packages import CudaPackage
from layerscope.facts.cuda.places import CopyKind
from layerscope.facts.cuda.releases import major
from layerscope.facts.fact_set import FactSet
from layerscope.rules.cuda_stack import means_gpu

SETS: Final[dict[tuple[str, int | None], tuple[str, ...]]] = {
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
"""By library and major version, what its packages hold beside it and it opens by name while it runs."""

OPTIONAL: Final = frozenset({"cudnn_adv", "cudnn_adv_infer", "cudnn_ops_train", "cudnn_cnn_train", "cudnn_adv_train"})
"""Only recurrent networks, attention and training ask for these; images leave them out on purpose."""


def find_incomplete_sets(facts: FactSet) -> Iterator[tuple[CudaLibrary, list[str]]]:
    """A library of each incomplete set, and the names of those that no directory of the image has.

    What a package carries for itself is left out where nothing else in the image is about GPUs, and so is cuDNN's
    variant that compiles everything while it runs.
    """
    carried = {copy.root for copy in facts.of(CudaCopy) if copy.kind is CopyKind.BUNDLED}
    is_gpu = means_gpu(facts)
    compiling = tuple(each.environment for each in facts.of(CudaPackage) if "cudnn-jit" in each.name)
    libraries = [each for each in facts.of(CudaLibrary) if is_gpu or each.copy not in carried]
    have = {(each.name, major(each.suffix)) for each in libraries}
    for library in libraries:
        number = major(library.suffix)
        missing = [name for name in SETS.get((library.name, number), ()) if (name, number) not in have]
        if missing and not (compiling and library.copy.startswith(compiling)):
            yield library, missing
    for (name, number), parts in SETS.items():
        left = [each for each in libraries if each.name == parts[0] and major(each.suffix) == number]
        if left and (name, number) not in have:
            yield left[0], [name]
