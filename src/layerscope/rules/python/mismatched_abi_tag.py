"""PY002: compiled for another Python or machine."""

from collections.abc import Iterator
from typing import ClassVar, Final

from packaging.utils import canonicalize_name

from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.python.environments import PythonEnvironment
from layerscope.facts.python.extensions import UnloadableExtensions
from layerscope.facts.python.wheel_tags import UnsuitableWheel
from layerscope.rules.finding import Finding
from layerscope.rules.python_cures import is_active, pin, reinstall, tell_environment
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.wording import SHOWN_LOCATIONS, tell_count, tell_layer, tell_list

REASONS: Final = frozenset({"version", "implementation", "platform"})
"""What differs; threading and the C library are rules of their own."""


_WITHOUT: Final = frozenset({
    "aiohttp", "charset-normalizer", "coverage", "frozenlist", "markupsafe", "msgpack", "multidict", "propcache",
    "pyyaml", "simplejson", "sqlalchemy", "wrapt", "yarl",
})  # fmt: skip
"""Distributions that import their compiled part in a `try` and go on in Python, as their sources and `setup.py` say."""


class MismatchedAbiTag(Rule):
    """Compiled for another Python or machine.

    What it checks: The tags of every wheel (`cp310-cp310-manylinux_2_28_x86_64`) and the suffix of every extension
        module (`.cpython-310-x86_64-linux-gnu.so`) fit the interpreter of the environment they lie in.
    Why it matters: An interpreter looks for its own suffix only, so a module for another one does not exist for it:
        "No module named numpy._core._multiarray_umath", from a file that is there.
    Example: `COPY --from=build /usr/local/lib/python3.10/site-packages /usr/local/lib/python3.11/site-packages`.
    Remedy: Build and run with the same Python: the same base tag in every stage, or the packages installed anew.
    Fix safety: Review: the same version may have no wheel for this Python.
    Blind spots: A module without any tag in its name loads by name and may still fail by its symbols. Modules beside
        which one of the same name fits, or a source file of that name lies, are not told: they are spare. Debian's
        own folder of modules for several Pythons is left out. Which distributions go on without their compiled part
        is a short list.
    References: https://packaging.python.org/en/latest/specifications/platform-compatibility-tags/, PEP 3149.
    """

    code: ClassVar[str] = "PY002"
    covers: ClassVar[tuple[int, ...]] = (30,)
    severity: ClassVar[Severity] = Severity.HIGH
    ends_gpu_work: ClassVar[Severity | None] = Severity.HIGH
    needs: ClassVar[tuple[type[Fact], ...]] = (UnloadableExtensions, UnsuitableWheel, PythonEnvironment)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding for each environment and layer that put such files there."""
        groups: dict[tuple[str, int], tuple[list[UnsuitableWheel], list[UnloadableExtensions]]] = {}
        for wheel in facts.of(UnsuitableWheel):
            if wheel.reason in REASONS:
                groups.setdefault((wheel.environment, wheel.layer), ([], []))[0].append(wheel)
        for module in facts.of(UnloadableExtensions):
            if module.reason in REASONS:
                groups.setdefault((module.environment, module.layer), ([], []))[1].append(module)
        for (environment, _), (wheels, modules) in sorted(groups.items(), key=lambda item: item[0]):
            yield self._report(facts, environment, wheels, modules)

    def _report(
        self, facts: FactSet, place: str, wheels: list[UnsuitableWheel], modules: list[UnloadableExtensions]
    ) -> Finding:
        """The finding for what one layer put into one environment."""
        tags = {f"{wheel.name} {wheel.version}": wheel.tag for wheel in wheels}
        broken = {module.distribution or module.package: module.tag for module in modules}
        named = {**tags, **broken}
        slow = [name for name in named if canonicalize_name(name.partition(" ")[0]) in _WITHOUT]
        fatal = [name for name in named if name not in slow]
        told = tell_list(f"{name} ({named[name]})" for name in fatal or slow)
        layer = (modules or wheels)[0]
        what = told if fatal else f"the compiled part of {told}"
        message = (
            f"{tell_environment(facts, place)} cannot use {what}: compiled for another Python or machine; "
            f"put there by {tell_layer(layer.layer, layer.instruction)}"
        )
        if modules:
            count = sum(module.count for module in modules)
            message += (
                f"; {tell_count(count, 'extension module')} not found, whose suffix should be .{modules[0].wanted}.so"
            )
        failing = dict.fromkeys(each.package for each in modules if (each.distribution or each.package) in fatal)
        brief = f"import {tell_list(failing)} {'fail' if len(failing) > 1 else 'fails'}" if failing else ""
        if failing:
            message += f"; {brief}"
        if fatal and slow:
            message += f"; {tell_list(slow)} {'go' if len(slow) > 1 else 'goes'} on without the compiled part"
        is_sure = bool(set(tags) & set(broken) & set(fatal)) and is_active(facts, place)
        places: list[Evidence] = [item.evidence for item in (*modules, *wheels)]
        pins = [pin(name) for name in named if " " in name]
        fix = reinstall(facts, place, pins or list(named), title="Install them anew with this environment's own Python")
        severity = Severity.CRITICAL if is_sure else Severity.HIGH if modules else Severity.MEDIUM
        concerns = tuple(path for module in modules for path in module.examples) or None
        return self.finding(
            message, *places[:SHOWN_LOCATIONS], severity=severity, fixes=(fix,), concerns=concerns, brief=brief
        )
