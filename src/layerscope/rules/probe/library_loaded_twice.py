"""PROBE032: a process holds one library from two files."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.probe.live_libraries import TwiceLoadedLibrary
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix, FixKind
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.wording import tell_list, tell_path


class LibraryLoadedTwice(Rule):
    """A process holds one library from two files.

    What it checks: Of all libraries that the probe's process holds, no two different files have the same SONAME.
    Why it matters: Each copy has its own memory: settings, thread pools and handles of one are unknown to the other.
        Two OpenMP runtimes deadlock or abort ("OMP: Error #15"), two libstdc++ free each other's memory.
    Example: `libgomp.so.1` of the distribution beside the one that a wheel opens by its full path.
    Remedy: Keep one copy: take the distribution's package out, or install the wheel that uses it.
    Fix safety: Review: each copy is there because something asked for it.
    Blind spots: Copies whose SONAME a wheel builder has made unique (`libgomp-a34b3233.so.1`) count as two libraries.
        Only what the probe's own process loads is seen. What ELF008 says already is confirmed there.
    References: proc_pid_maps(5); docs.auditwheel, "repair"; github.com/joblib/threadpoolctl, "multiple OpenMP".
    """

    code: ClassVar[str] = "PROBE032"
    covers: ClassVar[tuple[int, ...]] = (67,)
    severity: ClassVar[Severity] = Severity.MEDIUM
    needs: ClassVar[tuple[type[Fact], ...]] = (TwiceLoadedLibrary,)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding for each library."""
        for fact in facts.of(TwiceLoadedLibrary):
            if fact.told_by:
                continue
            paths = tell_list(map(tell_path, fact.paths))
            message = f"{fact.soname} was in memory {len(fact.paths)} times {fact.moment}: {paths}"
            places = [Evidence(path=path) for path in fact.paths]
            places = [fact.evidence, *(each for each in places if each.path != fact.evidence.path)]
            fix = Fix("See who brings each of them", ("layerscope probe IMAGE --trace-libs",), kind=FixKind.HOST_ACTION)
            yield self.finding(message, *places, fixes=(fix,))
