"""What an image's facts say of its PyTorch, its NumPy, its Python, and of what it demands of a host."""

from collections.abc import Iterator
from typing import Final

from layerscope.audit.statement import Bearing, Statement
from layerscope.facts.cuda.declared import CudaDeclaration
from layerscope.facts.cuda.framework import Build, Framework
from layerscope.facts.fact_set import FactSet
from layerscope.facts.python.distributions import Distribution
from layerscope.facts.python.environments import PythonEnvironment
from layerscope.rules.python_cures import is_active, tell_environment
from layerscope.rules.wording import tell_path

_QUOTED: Final = 300
"""Characters of a demand that are quoted."""


FRAMEWORKS: Final = {
    "ort-cpu-fallback": "onnxruntime",
    "tf-cpu-fallback": "tensorflow",
    "jax-cpu-fallback": "jax",
    "bnb-cpu": "bitsandbytes",
}
"""The framework that prints an error, by the error's id."""


def has_framework(facts: FactSet, name: str) -> bool:
    """Whether a framework is there, by its files or by a distribution of its name, such as `onnxruntime-gpu`."""
    return any(each.name == name for each in facts.of(Framework)) or any(
        each.key == name or each.key.startswith(f"{name}-") for each in facts.of(Distribution)
    )


def tell_framework(facts: FactSet, name: str, *, is_whole: bool) -> Iterator[Statement]:
    """That the framework which prints an error is not there."""
    if is_whole and not has_framework(facts, name):
        yield Statement(f"{name} is not in the image: the message is from another one", Bearing.CONTRADICTS)


def find_torch(facts: FactSet) -> tuple[Framework, ...]:
    """The PyTorch of each environment."""
    return tuple(each for each in facts.of(Framework) if each.name == "torch")


def tell_torch(facts: FactSet, *, is_whole: bool) -> Iterator[Statement]:
    """Whether each torch is a build for CUDA."""
    found = find_torch(facts)
    for torch in found:
        where = f"{torch.label} in {tell_path(torch.environment)} (layer {torch.evidence.layer})"
        if torch.build is Build.CUDA:
            told = f"{where} is a build for CUDA {torch.cuda}".rstrip()
            yield Statement(f"{told}, so the message is from another torch, or another image", Bearing.CONTRADICTS)
        elif torch.build is Build.UNKNOWN:
            yield Statement(f"{where} does not tell what it was built for", Bearing.OPEN)
        else:
            yield Statement(f"{where} is a build without CUDA ({torch.build})", Bearing.EXPLAINS)
    if not found and is_whole:
        yield Statement("torch is not in the image: the message is from another one", Bearing.CONTRADICTS)


def find_numpy(facts: FactSet) -> tuple[Distribution, ...]:
    """The NumPy of each environment, that of the container's own Python alone where it has one."""
    found = tuple(each for each in facts.of(Distribution) if each.key == "numpy")
    return tuple(each for each in found if is_active(facts, each.environment)) or found


def tell_numpy(facts: FactSet, *, is_whole: bool) -> Iterator[Statement]:
    """Which NumPy modules meet."""
    found = find_numpy(facts)
    for numpy in found:
        told = (
            f"numpy {numpy.version} is installed for {tell_environment(facts, numpy.environment)} (layer {numpy.layer})"
        )
        yield Statement(told, Bearing.OPEN)
    if not found and is_whole:
        yield Statement("numpy is not installed in the image", Bearing.OPEN)


def tell_managed(facts: FactSet, *, is_whole: bool) -> Iterator[Statement]:
    """Which interpreters pip is kept out of."""
    environments = [each for each in facts.of(PythonEnvironment) if each.kind == "system"]
    managed = [each for each in environments if each.is_managed]
    for each in managed:
        yield Statement(f"{each.python} ({tell_path(each.place)}) is marked EXTERNALLY-MANAGED", Bearing.EXPLAINS)
    if not managed and is_whole:
        yield Statement(
            "no Python of the image is marked EXTERNALLY-MANAGED: the message is from another one", Bearing.CONTRADICTS
        )


def makes_demand(facts: FactSet) -> bool:
    """Whether the NVIDIA runtime compares the image with the host's driver."""
    declaration = facts.find(CudaDeclaration)
    return declaration is not None and bool(declaration.requirements) and not declaration.is_check_disabled


def tell_demand(facts: FactSet, condition: str) -> Iterator[Statement]:
    """What the image demands of the host, as it says it."""
    declaration = facts.find(CudaDeclaration)
    if declaration is None:
        return
    for each in declaration.requirements:
        text = each.text if len(each.text) <= _QUOTED else f"{each.text[:_QUOTED]}..."
        if each.is_implied:
            told = f"CUDA_VERSION={declaration.cuda_version} alone counts as a demand for {text}"
        else:
            told = f"the image sets {each.variable}={text}"
        if declaration.is_check_disabled:
            yield Statement(f"{told}, which NVIDIA_DISABLE_REQUIRE switches off", Bearing.CONTRADICTS)
        elif condition and condition not in each.text:
            yield Statement(f"{told}, without {condition}: the message is from another image", Bearing.CONTRADICTS)
        else:
            yield Statement(told, Bearing.EXPLAINS)
    if not declaration.requirements:
        told = "the image sets neither NVIDIA_REQUIRE_CUDA nor CUDA_VERSION, so it makes no such demand"
        yield Statement(f"{told}: the message is from another image", Bearing.CONTRADICTS)
