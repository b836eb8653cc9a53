"""PY001: a distribution's requirement is not met."""

from collections.abc import Iterator
from typing import ClassVar, Final

from layerscope.facts.cuda.framework import Framework
from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.proof import LayerProof
from layerscope.facts.python.numpy_modules import OldNumpyModules
from layerscope.facts.python.requirements import Requirements, Unmet
from layerscope.rules.build_edit import AskTogether
from layerscope.rules.completeness import has_unread_layers
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix, FixPlace
from layerscope.rules.joint_requirements import JOINT_NEEDS, join_requirements
from layerscope.rules.python_cures import quote_requirements, tell_environment, tell_pip
from layerscope.rules.requirement_harm import find_told_requirements, weigh_requirement
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.wording import SHOWN_LOCATIONS, blame_latest, quote_instruction, tell_list

SHOWN: Final = 6
"""Requirements that one message spells out."""


class UnmetRequirement(Rule):
    """A distribution's requirement is not met.

    What it checks: Each requirement in the metadata of each installed distribution, its marker judged for the image's
        own Python and machine, is met by a distribution that the same environment sees, extras included. It is what
        `pip check` does, for every environment of the image.
    Why it matters: Installers check requirements for what they install in that step and no further: a later
        `pip install` changes what an earlier one relied on, and the import fails, or works until it does not.
    Example: `RUN pip install vllm` followed by `RUN pip install -U torch`: vllm's compiled code is for the torch that
        it pins.
    Remedy: Install everything in one step, so that one resolver sees all of it, and end with `pip check`.
    Fix safety: Review: versions that meet this requirement may break another one.
    Blind spots: Requirements that metadata does not state, and conflicts that only show at run time. Modules that a
        path, not a distribution, brings are not seen. A requirement on another name of the same package (opencv's and
        onnxruntime's builds) counts as low. Nothing is said where a layer could not be read. High is told only where
        machine code pins another version, or NumPy or torch are a major version further; what PY007 and CUDA030 tell of
        code that was built for another NumPy or torch counts as low here.
    References: https://packaging.python.org/en/latest/specifications/dependency-specifiers/,
        https://pip.pypa.io/en/stable/cli/pip_check/
    """

    code: ClassVar[str] = "PY001"
    covers: ClassVar[tuple[int, ...]] = (28, 64, 68)
    severity: ClassVar[Severity] = Severity.MEDIUM
    needs: ClassVar[tuple[type[Fact], ...]] = (Requirements, Framework, OldNumpyModules, LayerProof, *JOINT_NEEDS)
    fixed_in: ClassVar[tuple[FixPlace, ...]] = (FixPlace.DOCKERFILE,)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding a distribution whose requirements are not all met, the worst first among them."""
        if has_unread_layers(facts):
            return
        for fact in facts.of(Requirements):
            if fact.unmet:
                yield self._report(facts, fact)

    def _report(self, facts: FactSet, fact: Requirements) -> Finding:
        """The finding for one requirer."""
        told_elsewhere = find_told_requirements(facts, fact)
        unmet = sorted(fact.unmet, key=lambda each: (-weigh_requirement(fact, each), each.key))
        untold = [each for each in unmet if each.key not in told_elsewhere]
        severity = weigh_requirement(fact, untold[0]) if untold else Severity.LOW
        told = [_tell(each) for each in unmet]
        where = tell_environment(facts, fact.environment)
        message = f"{fact.name} {fact.version} requires {tell_list(told, shown=SHOWN)}, in {where}"
        places = [fact.evidence, *(each.found_place for each in unmet if each.found_place is not None)]
        return self.finding(
            message,
            *blame_latest(*places[:SHOWN_LOCATIONS]),
            severity=severity,
            fixes=(_suggest(facts, fact, unmet),),
        )


def _tell(unmet: Unmet) -> str:
    """Required and found, in one phrase."""
    asked = f"{unmet.text} (for its extra {unmet.extra})" if unmet.extra else unmet.text
    if unmet.found:
        step = f", from: {quote_instruction(unmet.found_by)}" if unmet.found_by else ""
        return f"{asked} (found {unmet.found}{step})"
    return f"{asked} (not installed{f', but {unmet.stand_in} is' if unmet.stand_in else ''})"


def _suggest(facts: FactSet, fact: Requirements, unmet: list[Unmet]) -> Fix:
    """Have one resolver see the requirer and what it requires."""
    pip = tell_pip(facts, fact.environment)
    joint = {each.key: join_requirements(facts, fact.environment, each.key) for each in unmet if not each.extra}
    apart = [each for each in joint.values() if each is not None and not each.is_possible]
    texts = [each.text if (found := joint.get(each.key)) is None else found.text for each in unmet]
    words = quote_requirements([f"{fact.name}=={fact.version}", *texts])
    title = f"Install {fact.name} and what it requires in one step, and have it checked"
    check = f"RUN {tell_pip(facts, fact.environment, 'check')}"
    if apart:
        told = tell_list(apart[0].askers, shown=SHOWN)
        return Fix(title, (f"RUN {pip} {fact.name}   (another version: {told}, and none suits all)", check))
    together = AskTogether(tuple(dict.fromkeys(texts)), (fact.key,))
    return Fix(title, (f"RUN {pip} {words}", check), build_edits=(together,))
