"""PY008: a wheel is for another C library."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.python.environments import PythonEnvironment
from layerscope.facts.python.extensions import UnloadableExtensions
from layerscope.facts.python.wheel_tags import UnsuitableWheel
from layerscope.rules.finding import Finding
from layerscope.rules.python_cures import find_environment, pin, reinstall, tell_environment
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.unsuitable_modules import UnsuitableGroup, iter_unsuitable
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
        for group in iter_unsuitable(facts, "libc"):
            yield self._report(facts, group)

    def _report(self, facts: FactSet, group: UnsuitableGroup) -> Finding:
        """The finding for names, tags and places of what one layer put into one environment."""
        environment = find_environment(facts, group.place)
        libc = environment.libc if environment is not None else "another C library"
        told = tell_list(f"{name} ({tag})" for name, tag in sorted(group.named.items()))
        message = (
            f"{tell_environment(facts, group.place)} runs on {libc}, for which this was not compiled: {told}; "
            f"put there by {tell_layer(group.layer, group.instruction)}"
        )
        pins = [pin(name) for name in sorted(group.named)]
        fix = reinstall(facts, group.place, pins, title=f"Install them in a stage on {libc}, or use the other base")
        return self.finding(
            message,
            *group.evidence[:SHOWN_LOCATIONS],
            severity=group.judge(self.severity),
            fixes=(fix,),
            concerns=group.concerns,
        )
