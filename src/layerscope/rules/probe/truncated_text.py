"""PROBE014: a text ends before it is over."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.probe.broken_stage import BrokenStage
from layerscope.rules.finding import Finding
from layerscope.rules.probe_defects import Defect, cure_broken, iter_broken, locate_broken, tell_broken
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity


class TruncatedText(Rule):
    """A text ends before it is over.

    What it checks: A generation that is asked for more ends where it should, and a stream closes with its end
        marker.
    Why it matters: Half an answer looks like an answer. JSON that is cut cannot be parsed, and the fault is looked
        for in the parser.
    Example: A server that allows 16 new tokens where the request names none; a proxy that closes a stream after a
        minute.
    Remedy: Name max_tokens in the request, and raise the server's own limit and the proxy's timeout.
    Fix safety: Review: a limit may be there on purpose.
    Blind spots: A text that ends early by the model's own choice is not told apart from one that is cut without a
        word.
    References: platform.openai.com/docs, Chat completions, finish_reason.
    """

    code: ClassVar[str] = "PROBE014"
    covers: ClassVar[tuple[int, ...]] = (98, 115, 116)
    severity: ClassVar[Severity] = Severity.HIGH
    needs: ClassVar[tuple[type[Fact], ...]] = (BrokenStage,)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding, for the first stage that broke, if it broke in this way."""
        for fact in iter_broken(facts, Defect.TRUNCATED):
            fixes = cure_broken(fact, "Raise the limit on new tokens, and the timeout of what lies between")
            yield self.finding(tell_broken(fact), *locate_broken(fact), fixes=fixes)
