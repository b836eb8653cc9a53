"""How bad an unmet requirement is: some only fall short of a wish, others break machine code."""

from typing import Final

from packaging.specifiers import InvalidSpecifier, Specifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from layerscope.facts.fact_set import FactSet
from layerscope.facts.python.numpy_modules import OldNumpyModules
from layerscope.facts.python.requirements import Requirements, Unmet
from layerscope.rules.severity import Severity
from layerscope.rules.torch_misfits import iter_torch_misfits

BINARY_INTERFACES: Final = frozenset({"numpy", "torch"})
"""Distributions that others are compiled against, and that break them with a new major version."""

STABLE_PREFIX: Final = "nvidia-"
"""NVIDIA's libraries keep their binary interface within a major version: another minor one is common and runs."""


def weigh_requirement(requirer: Requirements, unmet: Unmet) -> Severity:
    """The harm of one unmet requirement."""
    if unmet.stand_in or requirer.is_of_system:
        return Severity.LOW
    if unmet.found and requirer.is_compiled and _breaks_code(unmet):
        return Severity.HIGH
    return Severity.MEDIUM


def find_told_requirements(facts: FactSet, requirer: Requirements) -> frozenset[str]:
    """What it requires of which another rule tells by the code itself that it does not fit: PY007, CUDA030."""
    site = (requirer.evidence.path or "").rpartition("/")[0]
    told = set[str]()
    label = f"{requirer.name} {requirer.version}"
    if any(each.needs_numpy and each.distribution == label for each in facts.of(OldNumpyModules)):
        told.add("numpy")
    if any(
        extension.environment == site and canonicalize_name(extension.name) == requirer.key
        for extension, _ in iter_torch_misfits(facts)
    ):
        told.add("torch")
    return frozenset(told)


def _breaks_code(unmet: Unmet) -> bool:
    """Whether what is there differs so much from what machine code was built for that it likely fails to load."""
    try:
        found = Version(unmet.found)
        return any(_is_passed(unmet.key, specifier, found) for specifier in SpecifierSet(unmet.specifier))
    except (InvalidVersion, InvalidSpecifier):
        return False


def _is_passed(key: str, specifier: Specifier, found: Version) -> bool:
    """Whether a version is a major step beyond a bound, or another minor one than a pin."""
    bound = Version(specifier.version.removesuffix(".*"))
    match specifier.operator:
        case "==" if not specifier.version.endswith(".*"):
            depth = 1 if key.startswith(STABLE_PREFIX) else 2
            return _pad(bound)[:depth] != _pad(found)[:depth]
        case "<" | "<=" if key in BINARY_INTERFACES:
            is_first = not any(bound.release[1:])
            return found.major > bound.major or (is_first and found.major == bound.major)
        case "==" | "~=" if key in BINARY_INTERFACES:
            return found.major != bound.major
    return False


def _pad(version: Version) -> tuple[int, ...]:
    """The first two numbers."""
    return (*version.release, 0)[:2]
