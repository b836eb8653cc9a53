"""PY011: distributions lie where no Python of the image looks."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.proof import LayerProof
from layerscope.facts.python.distributions import Distribution
from layerscope.facts.python.environments import PythonEnvironment
from layerscope.rules.completeness import has_unread_layers
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix, FixPlace
from layerscope.rules.layer_fixes import drop_paths
from layerscope.rules.python_cures import quote_requirements, tell_pip
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.wording import tell_count, tell_layer, tell_list, tell_path


class OrphanedSitePackages(Rule):
    """Distributions lie where no Python of the image looks.

    What it checks: A site directory of a certain version (`lib/python3.10/site-packages`) that holds distributions is
        on the module path of some interpreter or virtual environment of the image, or on PYTHONPATH.
    Why it matters: What lies there cannot be imported, though it takes its place in the image: "No module named …".
    Example: `COPY --from=build /usr/local/lib/python3.10/site-packages …` after the last stage moved to `python:3.11`.
    Remedy: Build and run with the same Python: one base tag for all stages, best as a build argument.
    Fix safety: Review: the directory may be meant for a Python that is mounted later.
    Blind spots: A module path that a program sets up by itself. Nothing is said where a layer could not be read.
    References: https://docs.python.org/3/library/site.html
    """

    code: ClassVar[str] = "PY011"
    covers: ClassVar[tuple[int, ...]] = (30,)
    severity: ClassVar[Severity] = Severity.MEDIUM
    needs: ClassVar[tuple[type[Fact], ...]] = (PythonEnvironment, Distribution, LayerProof)
    fixed_in: ClassVar[tuple[FixPlace, ...]] = (FixPlace.IMAGE,)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding a directory."""
        if has_unread_layers(facts):
            return
        environments = facts.of(PythonEnvironment)
        active = next((each for each in environments if each.is_active), None)
        for orphan in environments:
            items = [item for item in facts.of(Distribution) if item.environment == orphan.place]
            if orphan.kind == "orphaned" and items:
                yield self._report(facts, orphan, items, active)

    def _report(
        self, facts: FactSet, orphan: PythonEnvironment, items: list[Distribution], active: PythonEnvironment | None
    ) -> Finding:
        """The finding for one directory; beside the Python in use it was surely meant for that one."""
        named = tell_list(f"{item.name} {item.version}" for item in items)
        message = (
            f"{tell_path(orphan.place)} holds {tell_count(len(items), 'distribution')} ({named}) of {orphan.python}, "
            f"which the image does not have; put there by {tell_layer(items[0].layer, items[0].instruction)}"
        )
        steps = [f"FROM python:{orphan.series}   (in the last stage, as in the one that installs)"]
        is_meant = active is not None and any(
            each.prefix == orphan.prefix and each.interpreter == active.interpreter
            for each in facts.of(PythonEnvironment)
        )
        if active is not None:
            message += f"; the process uses {active.python}"
            pins = quote_requirements(f"{item.name}=={item.version}" for item in items)
            steps.append(f"Or: RUN {tell_pip(facts, active.place)} {pins}")
        fix = Fix("Use the same Python in every stage", tuple(steps))
        fixes = (fix,) if is_meant else (fix, drop_paths([orphan.place]))
        severity = Severity.HIGH if is_meant else Severity.MEDIUM
        return self.finding(message, Evidence(layer=items[0].layer, path=orphan.place), severity=severity, fixes=fixes)
