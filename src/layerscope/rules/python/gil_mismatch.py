"""PY009: compiled for a Python with the other kind of locking."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.python.environments import PythonEnvironment
from layerscope.facts.python.extensions import UnloadableExtensions
from layerscope.facts.python.wheel_tags import UnsuitableWheel
from layerscope.rules.finding import Finding
from layerscope.rules.python_cures import find_environment, pin, reinstall, tell_environment
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
    needs: ClassVar[tuple[type[Fact], ...]] = (UnsuitableWheel, UnloadableExtensions, PythonEnvironment)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding for each environment and layer that put such files there."""
        groups: dict[tuple[str, int], dict[str, str]] = {}
        places: dict[tuple[str, int], list[Evidence]] = {}
        steps: dict[int, str] = {}
        for fact in (*facts.of(UnloadableExtensions), *facts.of(UnsuitableWheel)):
            if fact.reason == "threading":
                if isinstance(fact, UnsuitableWheel):
                    name = f"{fact.name} {fact.version}"
                else:
                    name = fact.distribution or fact.package
                groups.setdefault((fact.environment, fact.layer), {}).setdefault(name, fact.tag)
                places.setdefault((fact.environment, fact.layer), []).append(fact.evidence)
                steps[fact.layer] = fact.instruction
        for (place, layer), named in sorted(groups.items()):
            environment = find_environment(facts, place)
            is_free = environment is not None and environment.is_free_threaded
            message = (
                f"{tell_environment(facts, place)} is {'' if is_free else 'not '}free-threaded and cannot use "
                f"{tell_list(f'{name} ({tag})' for name, tag in named.items())}; "
                f"put there by {tell_layer(layer, steps[layer])}"
            )
            pins = [pin(name) for name in named]
            fix = reinstall(facts, place, pins, title="Install them anew with this environment's own Python")
            yield self.finding(message, *places[place, layer][:SHOWN_LOCATIONS], fixes=(fix,))
