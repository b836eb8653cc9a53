"""Extensions of torch that were built for another torch than the one beside them."""

from collections.abc import Iterator

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from layerscope.facts.cuda.framework import Framework
from layerscope.facts.fact_set import FactSet
from layerscope.rules.cuda_stack import find_framework


def iter_torch_misfits(facts: FactSet) -> Iterator[tuple[Framework, Framework]]:
    """Each such extension with the torch of its environment."""
    for extension in facts.of(Framework):
        torch = find_framework(facts, "torch", extension.environment)
        if torch is not None and extension.torch and not fits_torch(torch.version, extension.torch):
            yield extension, torch


def fits_torch(version: str, wanted: str) -> bool:
    """Whether a torch is one of those that an extension was built for; its local part and pre-release do not count."""
    try:
        return SpecifierSet(wanted).contains(Version(version).base_version, prereleases=True)
    except (InvalidSpecifier, InvalidVersion):
        return True
