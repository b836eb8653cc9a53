"""PY003: a distribution does not support the environment's Python."""

from collections.abc import Iterator
from typing import ClassVar

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.python.distributions import Distribution
from layerscope.facts.python.environments import PythonEnvironment
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix
from layerscope.rules.python_cures import find_environment, quote_requirements, tell_environment, tell_pip
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.wording import SHOWN_LOCATIONS, tell_list


class WrongPythonVersion(Rule):
    """A distribution does not support the environment's Python.

    What it checks: The version of the environment's interpreter is one that Requires-Python in each distribution's
        metadata allows.
    Why it matters: Installers refuse such a distribution, so it came by copying or by a change of the Python below it:
        its source may use syntax or modules that this Python does not have.
    Example: A `site-packages` of Python 3.12 copied into an image with Python 3.9: `type X = int` is a syntax error.
    Remedy: Use a Python that all distributions support, or versions that support this one.
    Fix safety: Review: other versions behave differently.
    Blind spots: Whether the code does run all the same. Where the exact version of the interpreter is not known, a
        bound on its last number is taken as kept.
    References: https://packaging.python.org/en/latest/specifications/core-metadata/#requires-python
    """

    code: ClassVar[str] = "PY003"
    covers: ClassVar[tuple[int, ...]] = (30, 36)
    severity: ClassVar[Severity] = Severity.HIGH
    ends_gpu_work: ClassVar[Severity | None] = Severity.HIGH
    needs: ClassVar[tuple[type[Fact], ...]] = (Distribution, PythonEnvironment)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding an environment."""
        groups: dict[str, list[Distribution]] = {}
        for item in facts.of(Distribution):
            environment = find_environment(facts, item.environment) if item.requires_python else None
            if environment is not None and environment.kind != "orphaned" and not _allows(item, environment):
                groups.setdefault(item.environment, []).append(item)
        for place, items in sorted(groups.items()):
            told = tell_list(f"{item.name} {item.version} (requires {item.requires_python})" for item in items)
            pip = tell_pip(facts, place)
            fix = Fix(
                "Install versions that support this Python, or begin with a Python that they support",
                (f"RUN {pip} --upgrade {quote_requirements(item.name for item in items)}", "Or: FROM python:VERSION"),
            )
            message = f"{tell_environment(facts, place)} is not supported by {told}"
            places = [item.evidence for item in items[:SHOWN_LOCATIONS]]
            concerns = tuple(f"{place}/{item.name}" for item in items)
            yield self.finding(message, *places, fixes=(fix,), concerns=concerns)


def _allows(item: Distribution, environment: PythonEnvironment) -> bool:
    """Whether a distribution allows the interpreter's version, or some version of its series where that is all."""
    try:
        allowed = SpecifierSet(item.requires_python)
    except InvalidSpecifier:
        return True
    is_exact = environment.version != environment.series
    versions = (environment.version,) if is_exact else (f"{environment.series}.0", f"{environment.series}.99")
    return any(allowed.contains(version, prereleases=True) for version in versions)
