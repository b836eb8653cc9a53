"""PY007: modules for NumPy 1 beside NumPy 2."""

from collections.abc import Iterator
from typing import ClassVar

from packaging.utils import canonicalize_name

from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.python.numpy_modules import OldNumpyModules
from layerscope.rules.build_edit import AskTogether
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix, FixPlace
from layerscope.rules.joint_requirements import JOINT_NEEDS, join_requirements
from layerscope.rules.python_cures import quote_requirements, tell_environment, tell_pip
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Confidence, Severity
from layerscope.rules.wording import SHOWN_LOCATIONS, blame_latest, tell_count, tell_layer, tell_list


class NumpyAbiMismatch(Rule):
    """Modules for NumPy 1 beside NumPy 2.

    What it checks: No extension module in an environment with NumPy 2 was built with the headers of NumPy 1, as the
        names of NumPy's own modules inside it tell.
    Why it matters: NumPy 2 refuses such a module: "A module that was compiled using NumPy 1.x cannot be run in NumPy
        2". torch before 2.3 goes on, without NumPy: "Numpy is not available".
    Example: `RUN pip install torch==2.2.2` followed by a requirement that draws in the newest NumPy.
    Remedy: Keep NumPy below 2, or use versions of the modules' distributions that were built for NumPy 2.
    Fix safety: Review: a distribution may require NumPy 2 in turn.
    Blind spots: Modules over 64 MiB are not searched, nor modules that import NumPy's interface by means of their own.
        It is a heuristic: it was right for all of 220 modules of wheels that it was measured on. Where no distribution
        concerned requires NumPy, it is told as low: pybind11 puts the same names into what never uses them.
    References: https://numpy.org/doc/stable/release/2.0.0-notes.html, https://github.com/pytorch/pytorch/issues/107302
    """

    code: ClassVar[str] = "PY007"
    covers: ClassVar[tuple[int, ...]] = (28,)
    severity: ClassVar[Severity] = Severity.HIGH
    ends_gpu_work: ClassVar[Severity | None] = Severity.HIGH
    needs: ClassVar[tuple[type[Fact], ...]] = (OldNumpyModules, *JOINT_NEEDS)
    fixed_in: ClassVar[tuple[FixPlace, ...]] = (FixPlace.DOCKERFILE,)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding an environment."""
        groups: dict[str, list[OldNumpyModules]] = {}
        for fact in facts.of(OldNumpyModules):
            groups.setdefault(fact.environment, []).append(fact)
        for place, modules in sorted(groups.items()):
            yield self._report(facts, place, modules)

    def _report(self, facts: FactSet, place: str, modules: list[OldNumpyModules]) -> Finding:
        """The finding for one environment."""
        numpy = modules[0]
        named = list(dict.fromkeys(fact.distribution or fact.package for fact in modules))
        count = sum(fact.count for fact in modules)
        message = (
            f"{tell_environment(facts, place)} has NumPy {numpy.numpy}, from "
            f"{tell_layer(numpy.numpy_layer, numpy.numpy_instruction)}, and {tell_count(count, 'extension module')} "
            f"built for NumPy 1, which NumPy 2 refuses to load: {tell_list(named)}"
        )
        pip = tell_pip(facts, place)
        newer = quote_requirements(name.partition(" ")[0] for name in named)
        keys = tuple(canonicalize_name(name.partition(" ")[0]) for name in named)
        joint = join_requirements(facts, place, "numpy", "<2")
        asked = joint.text if joint is not None and joint.is_possible else "numpy<2"
        fix = Fix(
            "Keep NumPy below 2 in the same step as what is built for it",
            (f"RUN {pip} '{asked}'", f"Or newer versions, built for NumPy 2: RUN {pip} --upgrade {newer}"),
            build_edits=(AskTogether((asked,), keys),),
        )
        places = blame_latest(numpy.numpy_place, *(fact.evidence for fact in modules))
        packages = list(dict.fromkeys(fact.package for fact in modules))
        severity = Severity.HIGH if any(fact.needs_numpy for fact in modules) else Severity.LOW
        return self.finding(
            message,
            *places[:SHOWN_LOCATIONS],
            severity=severity,
            confidence=Confidence.MEDIUM,
            fixes=(fix,),
            brief=f"import {tell_list(packages)} {'fails' if len(packages) == 1 else 'fail'} with NumPy {numpy.numpy}",
            concerns=tuple(f"{place}/{fact.package}" for fact in modules if fact.package != "torch") or None,
        )
