"""What several rules ask about the CUDA stack: who uses which copy of CUDA's libraries, and whether a GPU is meant."""

from collections.abc import Collection, Iterable, Iterator
from typing import Final

from layerscope.facts.cuda.declared import CudaDeclaration
from layerscope.facts.cuda.framework import Build, Framework
from layerscope.facts.cuda.libraries import CudaCopy, RemovedCudaLibrary
from layerscope.facts.cuda.places import CopyKind
from layerscope.facts.cuda.releases import major, newest
from layerscope.facts.fact_set import FactSet
from layerscope.rules.wording import quote_instruction, tell_layer, tell_path

COMPUTING: Final = ("cuda-runtime", "cublas", "cudnn")
"""Parts of CUDA that no image has by accident."""

LOUD: Final = ("torch", "cupy", "ctranslate2")
"""Frameworks that fail for want of their libraries; others go on with the CPU, and have rules of their own."""

_PLACES: Final = {
    CopyKind.TOOLKIT: "the toolkit",
    CopyKind.SYSTEM: "the system's libraries",
    CopyKind.WHEEL: "the wheels",
    CopyKind.CONDA: "the conda packages",
    CopyKind.BUNDLED: "the libraries",
    CopyKind.CACHE: "the cache",
}


def live_copies(facts: FactSet) -> tuple[CudaCopy, ...]:
    """The copies that a program may load from: all but those in package managers' caches."""
    return tuple(copy for copy in facts.of(CudaCopy) if copy.kind is not CopyKind.CACHE)


def declares_gpu(facts: FactSet) -> bool:
    """Whether the config says that the image is for GPUs."""
    declaration = facts.find(CudaDeclaration)
    return declaration is not None and declaration.declares_cuda


def means_gpu(facts: FactSet) -> bool:
    """Whether the config says so, or the image holds CUDA's libraries outside of other packages."""
    return declares_gpu(facts) or any(
        copy.kind is not CopyKind.BUNDLED and any(copy.find_part(name) for name in COMPUTING)
        for copy in live_copies(facts)
    )


def computes_by_cuda(facts: FactSet) -> bool:
    """Whether something in the image computes by CUDA, or the config names a CUDA version: more than rendering."""
    declaration = facts.find(CudaDeclaration)
    is_named = declaration is not None and bool(declaration.cuda_version or declaration.requirements)
    has_libraries = any(copy.find_part(name) for copy in live_copies(facts) for name in COMPUTING)
    return is_named or has_libraries or any(each.build is Build.CUDA for each in facts.of(Framework))


def has_part(facts: FactSet, part: str, version: str) -> bool:
    """Whether some copy has a part of CUDA in the major version of `version`; an unknown version counts as any."""
    wanted = major(version)
    for copy in live_copies(facts):
        found = copy.find_part(part)
        if found is None:
            continue
        number = major(found.version if part == "cudnn" else copy.release)
        if wanted is None or number is None or number == wanted:
            return True
    return False


def find_cuda_copies(facts: FactSet) -> tuple[CudaCopy, ...]:
    """The copies that a framework can start with: those that have the runtime or cuBLAS."""
    return tuple(copy for copy in live_copies(facts) if copy.find_part("cuda-runtime") or copy.find_part("cublas"))


def iter_frameworks_without_cuda(facts: FactSet) -> Iterator[Framework]:
    """Frameworks that fail at import since the image has no CUDA libraries of the major version they were built for."""
    majors = {major(copy.release) for copy in find_cuda_copies(facts)}
    for framework in facts.of(Framework):
        is_loud = framework.name in LOUD and framework.build is Build.CUDA and bool(framework.cuda)
        if is_loud and not majors & {major(framework.cuda), None}:
            yield framework


def find_framework(facts: FactSet, name: str, environment: str) -> Framework | None:
    """A framework of an environment."""
    return next((each for each in facts.of(Framework) if each.name == name and each.environment == environment), None)


def find_users(copy: CudaCopy, facts: FactSet) -> tuple[Framework, ...]:
    """The frameworks that load a copy's libraries: its own package, its environment, else all that bring none."""
    computing = [each for each in facts.of(Framework) if each.build is Build.CUDA and each.name != "triton"]
    if copy.kind is CopyKind.BUNDLED:
        return tuple(each for each in computing if copy.root == f"{each.environment}/{each.name}")
    if copy.kind is CopyKind.WHEEL:
        return tuple(each for each in computing if each.environment == copy.environment)
    if copy.kind is CopyKind.CONDA:
        return tuple(each for each in computing if each.environment.startswith(f"{copy.root}/"))
    others = live_copies(facts)
    served = {each.environment for each in others if each.kind is CopyKind.WHEEL}
    bundled = {each.root for each in others if each.kind is CopyKind.BUNDLED}
    return tuple(
        each
        for each in computing
        if each.environment not in served and f"{each.environment}/{each.name}" not in bundled
    )


def newest_runtime(facts: FactSet) -> str:
    """The newest CUDA release among the copies that a framework loads, or of all where there is no framework."""
    built = [each.cuda for each in facts.of(Framework) if each.build is Build.CUDA and each.cuda]
    return newest(built) or newest(copy.release for copy in live_copies(facts) if copy.release)


def find_removals(facts: FactSet, missing: Collection[str]) -> tuple[RemovedCudaLibrary, ...]:
    """The libraries of what is missing (`CUDA 12`, `cuDNN 9`) that a layer took away, latest layer first."""
    kinds = {each.partition(" ")[0] for each in missing}
    found = [each for each in facts.of(RemovedCudaLibrary) if ("cuDNN" if each.name == "cudnn" else "CUDA") in kinds]
    return tuple(sorted(found, key=lambda each: (-(each.evidence.layer or 0), each.name)))


def tell_removals(removals: Iterable[RemovedCudaLibrary]) -> str:
    """What was taken away, for the end of a sentence: `; layer 3 (RUN rm …) removed /usr/lib/libcudnn.so.9`."""
    return "".join(
        f"; {tell_layer(each.evidence.layer, each.instruction)} removed {tell_path(each.evidence.path or '')}"
        for each in removals
    )


def tell_copy(copy: CudaCopy) -> str:
    """A copy for a sentence: `CUDA 12.4 of the toolkit in /usr/local/cuda-12.4`."""
    name = f"CUDA {copy.release}" if copy.release else "CUDA"
    return f"{name} of {_PLACES[copy.kind]} in {tell_path(copy.root)}"


def tell_made_by(layer: int | None, instruction: str) -> str:
    """The layer and instruction behind something, for the end of a sentence."""
    if layer is None:
        return ""
    return f"(layer {layer}: {quote_instruction(instruction)})" if instruction else f"(layer {layer})"


def tell_frameworks(frameworks: Iterable[Framework]) -> str:
    """Frameworks by name and version."""
    return ", ".join(dict.fromkeys(each.label for each in frameworks))


def wheel_index(cuda: str) -> str:
    """PyTorch's index of wheels for a CUDA release."""
    return f"https://download.pytorch.org/whl/cu{cuda.replace('.', '')}"
