"""PROBE011: a generation ends well and gives no text."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.probe.broken_stage import BrokenStage
from layerscope.rules.finding import Finding
from layerscope.rules.probe_defects import Defect, cure_broken, iter_broken, locate_broken, tell_broken
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity


class EmptyGeneration(Rule):
    """A generation ends well and gives no text.

    What it checks: The tokens of a generation, read as text, are more than blanks.
    Why it matters: Nothing fails: a client gets an answer with status 200 and an empty string, and no log says why.
    Example: The first token is the end of the text, since the prompt was built without the model's chat template.
    Remedy: Look at the prompt as tokens and at `generation_config.json`: eos_token_id, max_new_tokens,
        min_new_tokens.
    Fix safety: Review: it depends on the model.
    Blind spots: A model that rightly says nothing to the probe's prompts looks alike.
    References: huggingface.co/docs/transformers, "Generation", GenerationConfig.
    """

    code: ClassVar[str] = "PROBE011"
    covers: ClassVar[tuple[int, ...]] = (1, 16, 97)
    severity: ClassVar[Severity] = Severity.CRITICAL
    needs: ClassVar[tuple[type[Fact], ...]] = (BrokenStage,)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding, for the first stage that broke, if it broke in this way."""
        for fact in iter_broken(facts, Defect.EMPTY):
            fixes = cure_broken(
                fact, "Check eos_token_id and max_new_tokens of generation_config.json, and the chat template"
            )
            yield self.finding(tell_broken(fact), *locate_broken(fact), fixes=fixes)
