"""PROBE033: a process holds a library whose file is gone."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.probe.live_libraries import DeletedLibrary
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.wording import tell_path


class DeletedLiveLibrary(Rule):
    """A process holds a library whose file is gone.

    What it checks: The files behind the libraries in the process's memory are still there at the path by which they
        were loaded.
    Why it matters: Something replaces libraries while the program runs: what is loaded next may be another version, and
        what runs is in no file that could be scanned.
    Example: A package that writes a compiled kernel to /tmp, loads it and removes it; a program that updates itself.
    Remedy: Compile such parts while the image is built, and keep the root of the container read-only.
    Fix safety: Review: packages that compile for the GPU at hand do so on purpose.
    Blind spots: A file that was replaced before the process began is not told apart from one of the image.
    References: proc_pid_maps(5), "(deleted)".
    """

    code: ClassVar[str] = "PROBE033"
    covers: ClassVar[tuple[int, ...]] = (67,)
    severity: ClassVar[Severity] = Severity.LOW
    needs: ClassVar[tuple[type[Fact], ...]] = (DeletedLibrary,)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding for each file."""
        for fact in facts.of(DeletedLibrary):
            message = f"{tell_path(fact.path)} was in memory {fact.moment}, and its file is gone"
            fix = Fix("Compile while the image is built, and keep the container's root read-only", ())
            yield self.finding(message, fact.evidence, fixes=(fix,))
