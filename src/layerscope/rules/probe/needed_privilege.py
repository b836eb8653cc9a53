"""PROBE042: the image generates only with more rights than a locked-down container has."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.probe import needed_privilege
from layerscope.facts.probe.stage_titles import tell_stage
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix, FixKind
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.wording import tell_list


class NeededPrivilege(Rule):
    """The image generates only with more rights than a locked-down container has.

    What it checks: Where the locked-down run breaks, and one with the engine's usual rights does not, what made the
        difference is named: root, a writable root, a capability.
    Why it matters: Clusters run containers as a stranger, without capabilities, often on a read-only root. There, this
        image breaks as it did here.
    Example: A package that writes its cache into site-packages, or a HOME that only root may write to.
    Remedy: Give it a place of its own instead of rights: a writable HOME and cache, an owner that is no root.
    Fix safety: Review: what the program writes, and where, is its author's to say.
    Blind spots: Rights that only later stages need are not tried: the search ends where the first broken one passes.
    References: kubernetes.io, "Configure a Security Context"; docs.docker.com, "Runtime privilege".
    """

    code: ClassVar[str] = "PROBE042"
    covers: ClassVar[tuple[int, ...]] = (45, 47)
    severity: ClassVar[Severity] = Severity.HIGH
    needs: ClassVar[tuple[type[Fact], ...]] = (needed_privilege.NeededPrivilege,)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding for each stage."""
        for fact in facts.of(needed_privilege.NeededPrivilege):
            who = f"Stage {tell_stage(fact.stage)}" if fact.stage else "The image's Python"
            why = f"; without it: {fact.reason}" if fact.reason else ""
            message = (
                f"{who} breaks in a locked-down container and passes with an engine's default rights: the image needs "
                f"{tell_list(fact.needs)}{why}"
            )
            fixes = [Fix("Give the program a place that it may write to, instead of rights", ())]
            if fact.flags:
                fixes.append(Fix(f"Run it with what it needs: {', '.join(fact.flags)}", (), kind=FixKind.RUN_FLAGS))
            yield self.finding(message, fact.evidence, fixes=tuple(fixes))
