"""PROBE002: a stage of the generation does not end."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.probe.broken_stage import BrokenStage
from layerscope.rules.finding import Finding
from layerscope.rules.probe_defects import Defect, cure_broken, iter_broken, locate_broken, tell_broken
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity


class HangingStage(Rule):
    """A stage of the generation does not end.

    What it checks: Each stage ends before its hard deadline. One that does not is asked for the stacks of its
        threads and for what each waits for in the kernel, and is then ended with all that it started.
    Why it matters: A server that hangs while it starts looks like one that is still loading; orchestrators restart
        it for ever, and its log says nothing.
    Example: An import that asks a model hub over a network that is not there; NCCL that waits for a peer; a lock
        that a forked worker inherited.
    Remedy: Look at the last line of the stack, "Where it waits": that call needs a timeout, a network that the
        container has, or to be switched off (`HF_HUB_OFFLINE=1`).
    Fix safety: Review: only the program's author knows whether what it waits for is needed.
    Blind spots: A machine that is only slow hangs as well: `--patience 3` gives three times the time. Without
        network, what hangs here may work where there is one.
    References: docs.python.org, faulthandler; huggingface.co/docs/huggingface_hub, environment variables.
    """

    code: ClassVar[str] = "PROBE002"
    covers: ClassVar[tuple[int, ...]] = (1, 17, 88, 91, 92, 95, 117)
    severity: ClassVar[Severity] = Severity.CRITICAL
    needs: ClassVar[tuple[type[Fact], ...]] = (BrokenStage,)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding, for the first stage that broke, if it broke in this way."""
        for fact in iter_broken(facts, Defect.HANG):
            fixes = cure_broken(fact, "See where it waits, and give it more time if the machine is slow: --patience 3")
            yield self.finding(tell_broken(fact), *locate_broken(fact), fixes=fixes)
