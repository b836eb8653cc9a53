"""PY009: compiled for a Python with the other kind of locking."""

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
        for group in iter_unsuitable(facts, "threading", modules_first=True):
            yield self._report(facts, group)

    def _report(self, facts: FactSet, group: UnsuitableGroup) -> Finding:
        """The finding for names, tags and places of what one layer put into one environment."""
        environment = find_environment(facts, group.place)
        is_free = environment is not None and environment.is_free_threaded
        message = (
            f"{tell_environment(facts, group.place)} is {'' if is_free else 'not '}free-threaded and cannot use "
            f"{tell_list(f'{name} ({tag})' for name, tag in sorted(group.named.items()))}; "
            f"put there by {tell_layer(group.layer, group.instruction)}"
        )
        pins = [pin(name) for name in sorted(group.named)]
        fix = reinstall(facts, group.place, pins, title="Install them anew with this environment's own Python")
        return self.finding(
            message,
            *group.evidence[:SHOWN_LOCATIONS],
            severity=group.judge(self.severity),
            fixes=(fix,),
            concerns=group.concerns,
        )
