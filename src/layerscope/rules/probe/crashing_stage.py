"""PROBE003: a process ends in the middle of a stage."""

from collections.abc import Iterator
from typing import ClassVar, Final

from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.probe.broken_stage import BrokenStage
from layerscope.rules.finding import Finding
from layerscope.rules.probe_defects import Defect, cure_broken, iter_broken, locate_broken, tell_broken
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity

_LOUD: Final = "Look at the stack that the report shows, and at the findings on libraries"
_STACKLESS: Final = "Look at what it printed last, and at the findings on libraries"
_SILENT: Final = "Import it by hand, and see after which module it ends: python3 -v -c 'import torch'"


class CrashingStage(Rule):
    """A process ends in the middle of a stage.

    What it checks: The process that generates ends by itself, after its last stage. One that is ended by a signal,
        or that calls exit in the middle, crashes; the signal, the stage and the last line that was printed are
        told.
    Why it matters: A crash in native code leaves no exception behind: the container is gone, with an exit code
        above 128.
    Example: SIGILL where a package was compiled for a newer processor; SIGSEGV where two OpenMP or two C++
        libraries meet; SIGBUS where /dev/shm is full.
    Remedy: By the signal: another build for SIGILL, one copy of each library for SIGSEGV, `--shm-size` for SIGBUS.
    Fix safety: Review: the same signal has several causes.
    Blind spots: A crash that needs more load, or another GPU, does not come here. Which library crashed is known
        only if the stack says so.
    References: signal(7); docs.python.org, faulthandler.
    """

    code: ClassVar[str] = "PROBE003"
    covers: ClassVar[tuple[int, ...]] = (1, 4, 17)
    severity: ClassVar[Severity] = Severity.CRITICAL
    needs: ClassVar[tuple[type[Fact], ...]] = (BrokenStage,)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding, for the first stage that broke, if it broke in this way."""
        for fact in iter_broken(facts, Defect.CRASH):
            ends_in_import = fact.kind == "silent-exit" or (fact.stage == "imports" and not fact.has_stack)
            fixes = cure_broken(fact, _SILENT if ends_in_import else _LOUD if fact.has_stack else _STACKLESS)
            yield self.finding(tell_broken(fact), *locate_broken(fact), fixes=fixes)
