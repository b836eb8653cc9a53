"""PY008: a wheel is for another C library."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.python.environments import PythonEnvironment
from layerscope.facts.python.extensions import UnloadableExtensions
from layerscope.facts.python.wheel_tags import UnsuitableWheel
from layerscope.rules.finding import Finding
from layerscope.rules.python_cures import find_environment, is_active, pin, reinstall, tell_environment
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.wording import SHOWN_LOCATIONS, tell_layer, tell_list


class ForeignLibcWheel(Rule):
    """A wheel is for another C library.

    What it checks: Wheels and extension modules made for glibc (`manylinux`, `-linux-gnu.so`) do not lie in an
        environment on musl, as Alpine's, nor those for musl (`musllinux`, `-linux-musl.so`) in one on glibc.
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
    ends_gpu_work: ClassVar[Severity | None] = Severity.HIGH
    needs: ClassVar[tuple[type[Fact], ...]] = (UnsuitableWheel, UnloadableExtensions, PythonEnvironment)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding for each environment and layer that put such files there."""
        groups: dict[tuple[str, int], list[tuple[str, str, Evidence, str]]] = {}
        for wheel in facts.of(UnsuitableWheel):
            if wheel.reason == "libc":
                told = (f"{wheel.name} {wheel.version}", wheel.tag, wheel.evidence, wheel.instruction)
                groups.setdefault((wheel.environment, wheel.layer), []).append(told)
        for module in facts.of(UnloadableExtensions):
            if module.reason == "libc":
                told = (module.distribution or module.package, module.tag, module.evidence, module.instruction)
                groups.setdefault((module.environment, module.layer), []).append(told)
        for (place, layer), items in sorted(groups.items(), key=lambda group: group[0]):
            yield self._report(facts, place, layer, items)

    def _report(self, facts: FactSet, place: str, layer: int, items: list[tuple[str, str, Evidence, str]]) -> Finding:
        """The finding for names, tags and places of what one layer put into one environment."""
        environment = find_environment(facts, place)
        libc = environment.libc if environment is not None else "another C library"
        named = {name: tag for name, tag, _, _ in reversed(items)}
        told = tell_list(f"{name} ({tag})" for name, tag in sorted(named.items()))
        message = (
            f"{tell_environment(facts, place)} runs on {libc}, for which this was not compiled: {told}; "
            f"put there by {tell_layer(layer, items[0][3])}"
        )
        pins = [pin(name) for name in sorted(named)]
        fix = reinstall(facts, place, pins, title=f"Install them in a stage on {libc}, or use the other base")
        is_sure = is_active(facts, place) and any(
            module.reason == "libc" and (module.environment, module.layer) == (place, layer)
            for module in facts.of(UnloadableExtensions)
        )
        severity = Severity.CRITICAL if is_sure else self.severity
        places = [item[2] for item in items[:SHOWN_LOCATIONS]]
        return self.finding(
            message,
            *places,
            severity=severity,
            fixes=(fix,),
            concerns=tuple(f"{place}/{name.partition(' ')[0]}" for name in named),
        )
