"""ELF004: an object needs symbols that nothing defines."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.cuda.framework import Framework
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.proof import LayerProof
from layerscope.facts.python.environments import PythonEnvironment
from layerscope.rules.completeness import has_unread_layers
from layerscope.rules.finding import Finding
from layerscope.rules.fix import FixPlace
from layerscope.rules.library_path import LIBRARY_PATH_NEEDS
from layerscope.rules.reach_severity import find_concerned, judge_certain, judge_reach, tell_brief, tell_failing
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Confidence, Severity
from layerscope.rules.symbol_wording import explain_symbols
from layerscope.rules.undefined_groups import Shadowed, group_undefined
from layerscope.rules.wording import SHOWN_LOCATIONS, begin, tell_count, tell_list, tell_path


class UndefinedSymbol(Rule):
    """An object needs symbols that nothing defines.

    What it checks: Each symbol that an extension module, and all that it loads, needs is defined by the interpreter,
        by what `import torch` makes global, or by what the module loads; for programs, where they bind all symbols
        at the start.
    Why it matters: "ImportError: …: undefined symbol: _ZN3c10…". The parts were built for different versions of each
        other: an extension for another torch, another C++ string ABI or another Python; an older library of the
        same name that wins.
    Example: flash-attn built for torch 2.5 beside torch 2.8; libcusparse.so.12 with an older libnvJitLink.so.12 from
        `LD_LIBRARY_PATH`.
    Remedy: Install the build that fits, or take the older library out of the way.
    Fix safety: Review: versions have to be chosen.
    Blind spots: Names are compared by their hashes, so that one in some 10,000 missing ones passes. Symbols that a
        package makes global before it imports the module (other than torch's) are reported; where a library is missing
        or is injected at run time, nothing is said about those above it. Nothing is said where a layer could not be
        read.
    References: Dao-AILab/flash-attention issues 853 and 1644; pytorch/pytorch issues 111469 and 134929.
    """

    code: ClassVar[str] = "ELF004"
    covers: ClassVar[tuple[int, ...]] = (36, 65)
    severity: ClassVar[Severity] = Severity.HIGH
    confidence: ClassVar[Confidence] = Confidence.MEDIUM
    ends_gpu_work: ClassVar[Severity | None] = Severity.HIGH
    needs: ClassVar[tuple[type[Fact], ...]] = (
        *LIBRARY_PATH_NEEDS,
        Framework,
        PythonEnvironment,
        LayerProof,
    )
    fixed_in: ClassVar[tuple[FixPlace, ...]] = (FixPlace.IMAGE, FixPlace.DOCKERFILE)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding an object, or a library in front of what it needs.

        What is for another C library is ELF009's, for another torch CUDA030's, and what lacks a version ELF002's.
        """
        if has_unread_layers(facts):
            return
        for group in group_undefined(facts):
            yield self._report(group, facts)

    def _report(self, group: list[Shadowed], facts: FactSet) -> Finding:
        """The finding for an object, or for all that a shadowing library fails, the worst first."""
        fact, shadow = group[0]
        reason, fix = explain_symbols(fact, shadow, facts)
        others = tell_count(len(group) - 1, "other object lacks", "other objects lack")
        names = tell_list((*fact.names, *[""] * (fact.count - len(fact.names))))
        message = (
            f"{begin(tell_failing(fact.reach))}: {tell_path(fact.place.path)} needs "
            f"{tell_count(fact.count, 'symbol')} that nothing defines ({names}); {reason}"
        )
        if len(group) > 1:
            message += f"; {others} symbols for the same reason"
        places = [Evidence(layer=each.place.layer, path=each.place.path) for each, _ in group][: SHOWN_LOCATIONS - 1]
        cause = "" if shadow is None else f", since {tell_path(shadow.winner.path)} is loaded"
        if shadow is not None:
            places.insert(0, Evidence(layer=shadow.winner.layer, path=shadow.winner.path))
        return self.finding(
            message,
            *places,
            severity=judge_reach(fact.reach) if shadow is None else judge_certain(fact.reach, facts),
            confidence=None if shadow is None else Confidence.HIGH,
            fixes=(fix,),
            concerns=find_concerned(each.reach for each, _ in group),
            brief=f"{tell_brief(fact.reach)}: {fact.names[0]} is undefined{cause}",
        )
