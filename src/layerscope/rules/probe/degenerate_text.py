"""PROBE013: a generation repeats itself or consists of broken characters."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.probe.broken_stage import BrokenStage
from layerscope.rules.finding import Finding
from layerscope.rules.probe_defects import Defect, cure_broken, iter_broken, locate_broken, tell_broken
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity


class DegenerateText(Rule):
    """A generation repeats itself or consists of broken characters.

    What it checks: Of sixteen tokens or more, a tenth differ, none makes up nine tenths, and characters are
        characters.
    Why it matters: A broken kernel, a wrong type or a wrong tokenizer gives text all the same: "!!!!!!!!", or one
        word for ever.
    Example: Logits that are not finite decode to token 0, which many vocabularies have as "!".
    Remedy: Try another type (`--dtype float32`) and the tokenizer that belongs to the weights.
    Fix safety: Review: several causes look alike.
    Blind spots: Whether a text makes sense is not judged. A small model repeats itself by nature.
    References: vllm-project/vllm issues 22881, 14126 and 13035.
    """

    code: ClassVar[str] = "PROBE013"
    covers: ClassVar[tuple[int, ...]] = (1, 115)
    severity: ClassVar[Severity] = Severity.HIGH
    needs: ClassVar[tuple[type[Fact], ...]] = (BrokenStage,)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding, for the first stage that broke, if it broke in this way."""
        for fact in iter_broken(facts, Defect.DEGENERATE):
            fixes = cure_broken(fact, "Compare with float32, and check that the tokenizer belongs to the weights")
            yield self.finding(tell_broken(fact), *locate_broken(fact), fixes=fixes)
