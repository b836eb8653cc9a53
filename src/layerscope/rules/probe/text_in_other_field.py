"""PROBE015: the text comes in another field than the one that clients read."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.probe.broken_stage import BrokenStage
from layerscope.rules.finding import Finding
from layerscope.rules.probe_defects import Defect, cure_broken, iter_broken, locate_broken, tell_broken
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity


class TextInOtherField(Rule):
    """The text comes in another field than the one that clients read.

    What it checks: The answer of a chat is in `content`, and not in `reasoning`, `reasoning_content`, `tool_calls`
        or `refusal` alone.
    Why it matters: Clients read `content`, find null, and report an empty answer, while all of the text has been
        sent.
    Example: A reasoning parser that takes everything before an end tag that never comes.
    Remedy: Choose the parser that belongs to the model, switch thinking off, or read the field that the server
        fills.
    Fix safety: Review: what clients read is not known.
    Blind spots: A field that no server is known to use is not looked into.
    References: docs.vllm.ai, "Reasoning outputs" and "Tool calling".
    """

    code: ClassVar[str] = "PROBE015"
    covers: ClassVar[tuple[int, ...]] = (1, 120)
    severity: ClassVar[Severity] = Severity.HIGH
    needs: ClassVar[tuple[type[Fact], ...]] = (BrokenStage,)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding, for the first stage that broke, if it broke in this way."""
        for fact in iter_broken(facts, Defect.OTHER_FIELD):
            fixes = cure_broken(fact, "Choose the reasoning and tool parser that belong to the model")
            yield self.finding(tell_broken(fact), *locate_broken(fact), fixes=fixes)
