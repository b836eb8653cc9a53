"""PROBE012: a generation gives special tokens and no text."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.probe.broken_stage import BrokenStage
from layerscope.rules.finding import Finding
from layerscope.rules.probe_defects import Defect, cure_broken, iter_broken, locate_broken, tell_broken
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity


class SpecialTokensOnly(Rule):
    """A generation gives special tokens and no text.

    What it checks: After special tokens are left out, text remains.
    Why it matters: Tokens are computed, counted and paid for, and the answer is empty, because decoding leaves out
        special ones.
    Example: A model that answers with padding alone, since pad_token_id and eos_token_id are swapped.
    Remedy: Decode once with `skip_special_tokens=False`, and mend what that shows: the ids of special tokens, or
        the template.
    Fix safety: Review: it depends on the model.
    Blind spots: Which tokens are special is known from the tokenizer alone, which may be the wrong one itself.
    References: huggingface.co/docs/transformers, "Tokenizer", decode.
    """

    code: ClassVar[str] = "PROBE012"
    covers: ClassVar[tuple[int, ...]] = (1, 14)
    severity: ClassVar[Severity] = Severity.CRITICAL
    needs: ClassVar[tuple[type[Fact], ...]] = (BrokenStage,)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding, for the first stage that broke, if it broke in this way."""
        for fact in iter_broken(facts, Defect.SPECIAL_ONLY):
            fixes = cure_broken(fact, "Decode with skip_special_tokens=False, and check pad_token_id and eos_token_id")
            yield self.finding(tell_broken(fact), *locate_broken(fact), fixes=fixes)
