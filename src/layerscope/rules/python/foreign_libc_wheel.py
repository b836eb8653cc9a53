"""PY008: a wheel is for another C library."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.python.environments import PythonEnvironment
from layerscope.facts.python.wheel_tags import UnsuitableWheel
from layerscope.rules.finding import Finding
from layerscope.rules.python_cures import find_environment, reinstall, tell_environment
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.wording import SHOWN_LOCATIONS, tell_layer, tell_list


class ForeignLibcWheel(Rule):
    """A wheel is for another C library.

    What it checks: Wheels made for glibc (`manylinux`) do not lie in an environment on musl, as Alpine's, nor wheels
        for musl (`musllinux`) in one on glibc.
    Why it matters: Their machine code asks for the other library's loader and symbols, and fails on import with a
        symbol that is not found.
    Example: `COPY --from=python:3.12-slim /usr/local/lib/python3.12/site-packages …` in an image on Alpine.
    Remedy: Install in the image's own base, or use a base with glibc: most GPU wheels exist for nothing else.
    Fix safety: Review: not every version has a wheel for musl.
    Blind spots: Tags alone are read here, not symbols. A compatibility layer such as gcompat may bridge some of it.
        The version of the C library is judged by the symbols that the objects need.
    References: PEP 656, https://packaging.python.org/en/latest/specifications/platform-compatibility-tags/
    """

    code: ClassVar[str] = "PY008"
    covers: ClassVar[tuple[int, ...]] = (30,)
    severity: ClassVar[Severity] = Severity.HIGH
    needs: ClassVar[tuple[type[Fact], ...]] = (UnsuitableWheel, PythonEnvironment)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding for each environment and layer that put such wheels there."""
        groups: dict[tuple[str, int], list[UnsuitableWheel]] = {}
        for wheel in facts.of(UnsuitableWheel):
            if wheel.reason == "libc":
                groups.setdefault((wheel.environment, wheel.layer), []).append(wheel)
        for (place, layer), wheels in sorted(groups.items()):
            environment = find_environment(facts, place)
            libc = environment.libc if environment is not None else "another C library"
            told = tell_list(f"{wheel.name} {wheel.version} ({wheel.tag})" for wheel in wheels)
            message = (
                f"{tell_environment(facts, place)} runs on {libc}, for which these wheels were not made: {told}; "
                f"put there by {tell_layer(layer, wheels[0].instruction)}"
            )
            pins = [f"{wheel.name}=={wheel.version}" for wheel in wheels]
            fix = reinstall(facts, place, pins, title=f"Install them in a stage on {libc}, or use the other base")
            yield self.finding(message, *(wheel.evidence for wheel in wheels[:SHOWN_LOCATIONS]), fixes=(fix,))
