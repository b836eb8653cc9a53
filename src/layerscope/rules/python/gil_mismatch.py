"""PY009: compiled for a Python with the other kind of locking."""

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


class GilMismatch(Rule):
    """Compiled for a Python with the other kind of locking.

    What it checks: An environment of a free-threaded Python (`3.14t`) has no wheels and modules for a Python with the
        global interpreter lock, stable-ABI modules (`.abi3.so`) included, and the other way round.
    Why it matters: Objects are laid out differently in the two builds, so their tags differ, and an interpreter does
        not find modules of the other kind: "No module named …".
    Example: A `site-packages` of `python3.14` copied for `python3.14t`.
    Remedy: Install with the interpreter that runs them; many distributions have wheels for both.
    Fix safety: Review: some distributions have no wheel for free-threaded Pythons yet.
    Blind spots: Modules without a tag in their name, and whether a module switches the lock on again when imported.
    References: PEP 703, PEP 803, https://py-free-threading.github.io/
    """

    code: ClassVar[str] = "PY009"
    covers: ClassVar[tuple[int, ...]] = (30,)
    severity: ClassVar[Severity] = Severity.HIGH
    ends_gpu_work: ClassVar[Severity | None] = Severity.HIGH
    needs: ClassVar[tuple[type[Fact], ...]] = (UnsuitableWheel, UnloadableExtensions, PythonEnvironment)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding for each environment and layer that put such files there."""
        facts_of: dict[tuple[str, int], list[tuple[str, str, Evidence, str]]] = {}
        for module in facts.of(UnloadableExtensions):
            if module.reason == "threading":
                told = (module.distribution or module.package, module.tag, module.evidence, module.instruction)
                facts_of.setdefault((module.environment, module.layer), []).append(told)
        for wheel in facts.of(UnsuitableWheel):
            if wheel.reason == "threading":
                told = (f"{wheel.name} {wheel.version}", wheel.tag, wheel.evidence, wheel.instruction)
                facts_of.setdefault((wheel.environment, wheel.layer), []).append(told)
        for (place, layer), items in sorted(facts_of.items(), key=lambda group: group[0]):
            yield self._report(facts, place, layer, items)

    def _report(self, facts: FactSet, place: str, layer: int, items: list[tuple[str, str, Evidence, str]]) -> Finding:
        """The finding for names, tags and places of what one layer put into one environment."""
        named = {name: tag for name, tag, _, _ in reversed(items)}
        environment = find_environment(facts, place)
        is_free = environment is not None and environment.is_free_threaded
        message = (
            f"{tell_environment(facts, place)} is {'' if is_free else 'not '}free-threaded and cannot use "
            f"{tell_list(f'{name} ({tag})' for name, tag in sorted(named.items()))}; "
            f"put there by {tell_layer(layer, items[0][3])}"
        )
        pins = [pin(name) for name in sorted(named)]
        fix = reinstall(facts, place, pins, title="Install them anew with this environment's own Python")
        is_sure = is_active(facts, place) and any(
            module.reason == "threading" and (module.environment, module.layer) == (place, layer)
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
