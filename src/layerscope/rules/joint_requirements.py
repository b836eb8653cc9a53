"""What all distributions of an environment ask of one, as one requirement that suits all of them."""

from collections.abc import Iterable, Iterator
from typing import Final

from msgspec import Struct
from packaging.requirements import Requirement
from packaging.specifiers import Specifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from layerscope.facts.fact_set import FactSet
from layerscope.facts.python.distributions import Distribution
from layerscope.facts.python.environments import PythonEnvironment
from layerscope.facts.python.markers import applies, describe_environment, parse_requirement
from layerscope.rules.python_cures import find_environment

JOINT_NEEDS: Final = (Distribution, PythonEnvironment)
"""What a rule needs that joins requirements."""

_LOWER: Final = frozenset({">", ">="})
_UPPER: Final = frozenset({"<", "<="})


class JointRequirement(Struct, frozen=True):
    """The requirement, `NAME[EXTRAS]SPECIFIER`, and whether some version can meet it; `askers` are who asks, and how.

    An index may not have the version: that is known when it is asked.
    """

    text: str
    is_possible: bool
    askers: tuple[str, ...]


def join_requirements(facts: FactSet, place: str, name: str, beside: str = "") -> JointRequirement | None:
    """What the distributions of an environment ask of the one called `name`; None where none asks.

    `beside` are further specifiers that have to be met: `<2`.
    """
    environment = find_environment(facts, place)
    found = list(_iter_requirements(facts, environment, canonicalize_name(name))) if environment is not None else []
    if not found:
        return None
    specifiers = [*SpecifierSet(beside), *(each for _, requirement in found for each in requirement.specifier)]
    extras = sorted({extra for _, requirement in found for extra in requirement.extras})
    told = found[0][1].name + (f"[{','.join(extras)}]" if extras else "")
    askers = dict.fromkeys(f"{asker.name} asks for {each.name}{each.specifier}" for asker, each in found)
    return JointRequirement(told + _join(specifiers), _is_possible(specifiers), tuple(askers))


def _iter_requirements(
    facts: FactSet, environment: PythonEnvironment, key: str
) -> Iterator[tuple[Distribution, Requirement]]:
    """Who asks, with the requirement; extras of the askers are left out."""
    variables = describe_environment(environment)
    for item in facts.of(Distribution):
        if item.environment != environment.place or not item.has_metadata:
            continue
        for text in item.requires:
            requirement = parse_requirement(text)
            if requirement is None or requirement.url is not None or canonicalize_name(requirement.name) != key:
                continue
            if applies(requirement.marker, variables):
                yield item, requirement


def _join(specifiers: Iterable[Specifier]) -> str:
    """The specifiers without those that others imply: of bounds, the closest."""
    kept = set(specifiers)
    for operators, closest in ((_LOWER, max), (_UPPER, min)):
        bounds = [each for each in kept if each.operator in operators]
        if len(bounds) > 1:
            # of `>1` and `>=1`, the open one is closer
            best = closest(Version(each.version) for each in bounds)
            nearest = sorted((each for each in bounds if Version(each.version) == best), key=lambda each: each.operator)
            kept -= set(bounds) - {nearest[0]}
    return ",".join(sorted(map(str, kept)))


def _is_possible(specifiers: list[Specifier]) -> bool:
    """Whether any version is in all of them: if any is, then one of those that they name, or one beside such."""
    joined = SpecifierSet(",".join(map(str, specifiers)))
    return not specifiers or any(joined.contains(version, prereleases=True) for version in _iter_near(specifiers))


def _iter_near(specifiers: Iterable[Specifier]) -> Iterator[Version]:
    """The versions that specifiers name, and those closely above and below them."""
    for each in specifiers:
        try:
            version = Version(each.version.removesuffix(".*"))
        except InvalidVersion:
            continue
        yield version
        yield Version(f"{version.base_version}.1")
        *front, last = version.release
        while not last and front:
            *front, last = front
        if last:
            yield Version(".".join(map(str, [*front, last - 1, 99999])))
